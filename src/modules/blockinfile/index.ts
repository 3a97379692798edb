import * as z from 'zod';
import {
  applyFile,
  FileChange,
  fileParams,
  needsOfFile,
  presumesOfFile,
  writesOfFile,
} from '../file-content.ts';
import { diffEdit } from '../file-edit.ts';
import { defineModule } from '../define-module.ts';
import { filePath } from '../params.ts';
import { pythonPattern } from '../python-expression.ts';
import { insertBlock, removeBlock } from './edit.ts';

const { dest: _dest, ...attributes } = fileParams;

export const blockinfile = defineModule({
  name: 'blockinfile',
  docs: {
    summary: 'Keeps a block of lines, between two marker lines, in a file that others write too.',
    differences: [
      'The default marker says DROVER, not ANSIBLE.',
      '`insertafter` and `insertbefore` are Python’s regular expressions, as for lineinfile.',
      'A marker without its other half is left alone; in Ansible the last BEGIN and the last END make a block, in whatever order.',
      'Files are text in UTF-8. A symbolic link is refused: name the file that it leads to.',
    ],
    example: `- blockinfile:
    path: /etc/hosts
    block: "10.0.0.1 node1"`,
  },
  params: z.strictObject({
    ...attributes,
    path: filePath.describe('The file.'),
    block: z
      .string()
      .default('')
      .describe('The lines between the markers; without any the block is removed.'),
    marker: z
      .string()
      .includes('{mark}', { message: 'must hold {mark}' })
      .default('# {mark} DROVER MANAGED BLOCK')
      .describe('The marker line; `{mark}` becomes BEGIN or END.'),
    state: z
      .enum(['present', 'absent'])
      .default('present')
      .describe('`absent` removes the block with its markers.'),
    insertafter: pythonPattern
      .optional()
      .describe('A new block goes after the last line that matches, or to the end (`EOF`, the default).'),
    insertbefore: pythonPattern
      .optional()
      .describe('A new block goes before the last line that matches, or to the beginning (`BOF`).'),
    create: z.boolean().default(false).describe('Make the file when it is missing.'),
  }),
  change: FileChange,
  needs: ({ path }) => needsOfFile(path),
  diff: (facts, params, context) =>
    diffEdit(
      facts,
      params,
      (text) => (isGone(params) ? removeBlock(text, params.marker) : insertBlock(text, params)),
      context,
    ),
  presumes: (params) => presumesOfFile(params.path, params),
  apply: applyFile,
  writes: writesOfFile,
  aim: (params) => (isGone(params) ? `no block in ${params.path}` : `the block in ${params.path}`),
});

/** As in Ansible, a block without a line is none. */
function isGone({ state, block }: { readonly state: string; readonly block: string }): boolean {
  return state === 'absent' || block === '';
}
