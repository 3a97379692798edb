import * as z from 'zod';
import { inSync, refused } from '../../plan/change.ts';
import {
  applyFile,
  diffFile,
  FileChange,
  fileParams,
  needsOfFile,
  refuseEdit,
  writesOfFile,
} from '../file-content.ts';
import { defineModule } from '../define-module.ts';
import { absolutePath, regularExpression } from '../params.ts';
import { insertBlock, removeBlock } from './edit.ts';

const { dest: _dest, ...attributes } = fileParams;

export const blockinfile = defineModule({
  name: 'blockinfile',
  docs: {
    summary: 'Keeps a block of lines, between two marker lines, in a file that others write too.',
    differences: [
      'The default marker says DROVER, not ANSIBLE.',
      '`insertafter` and `insertbefore` are JavaScript regular expressions; the last match counts.',
      'Files are text in UTF-8. A symbolic link is refused: name the file that it leads to.',
    ],
    example: `- blockinfile:
    path: /etc/hosts
    block: "10.0.0.1 node1"`,
  },
  params: z.strictObject({
    ...attributes,
    path: absolutePath.describe('The file.'),
    block: z.string().default('').describe('The lines between the markers.'),
    marker: z
      .string()
      .includes('{mark}', { message: 'must hold {mark}' })
      .default('# {mark} DROVER MANAGED BLOCK')
      .describe('The marker line; `{mark}` becomes BEGIN or END.'),
    state: z
      .enum(['present', 'absent'])
      .default('present')
      .describe('`absent` removes the block with its markers.'),
    insertafter: regularExpression
      .optional()
      .describe('A new block goes after the last line that matches, or to the end (`EOF`, the default).'),
    insertbefore: regularExpression
      .optional()
      .describe('A new block goes before the last line that matches, or to the beginning (`BOF`).'),
    create: z.boolean().default(false).describe('Make the file when it is missing.'),
  }),
  change: FileChange,
  needs: ({ path }) => needsOfFile(path),
  diff(facts, params, context) {
    const { path, state, create } = params;
    if (!facts.path && state === 'absent') return inSync();
    if (!facts.path && !create) return refused(`${path} does not exist`, 'create: true makes it');
    const refusal = refuseEdit(path, facts);
    if (refusal) return refusal;
    const before = facts.before ?? '';
    const content = state === 'absent' ? removeBlock(before, params.marker) : insertBlock(before, params);
    return diffFile(facts, { ...params, dest: path, content }, context);
  },
  apply: applyFile,
  writes: writesOfFile,
  aim: ({ path, state }) => (state === 'absent' ? `no block in ${path}` : `the block in ${path}`),
});
