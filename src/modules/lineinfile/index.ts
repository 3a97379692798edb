import * as z from 'zod';
import { inSync, refused } from '../../plan/change.ts';
import { applyFile, diffFile, FileChange, fileParams, needsOfFile, writesOfFile } from '../file-content.ts';
import { defineModule } from '../define-module.ts';
import { absolutePath } from '../params.ts';
import { putLine, removeLines } from './edit.ts';

const { dest: _dest, ...attributes } = fileParams;

const regularExpression = z.string().refine(
  (pattern) => {
    try {
      return new RegExp(pattern) instanceof RegExp;
    } catch {
      return false;
    }
  },
  { message: 'is not a regular expression' },
);

export const lineinfile = defineModule({
  name: 'lineinfile',
  docs: {
    summary: 'Sees to it that a line is in a file, or that none of a kind is.',
    differences: ['Regular expressions are JavaScript’s; `search_string` and `firstmatch` are not there.'],
    example: `- lineinfile:
    path: /etc/default/haproxy
    regexp: "^CONFIG="
    line: CONFIG="/etc/haproxy/haproxy.cfg"`,
  },
  params: z
    .strictObject({
      ...attributes,
      path: absolutePath,
      line: z.string().optional(),
      /** The last line that matches is replaced; with \`state: absent\` all that match are removed. */
      regexp: regularExpression.optional(),
      /** Groups of \`regexp\` may be used in \`line\` as \\1. */
      backrefs: z.boolean().default(false),
      state: z.enum(['present', 'absent']).default('present'),
      insertafter: z.string().optional(),
      insertbefore: z.string().optional(),
      create: z.boolean().default(false),
    })
    .refine((params) => params.state === 'absent' || params.line !== undefined, {
      message: 'the line is missing',
      path: ['line'],
    })
    .refine(
      (params) => params.state === 'present' || params.line !== undefined || params.regexp !== undefined,
      {
        message: 'say what to remove: line or regexp',
        path: ['regexp'],
      },
    ),
  change: FileChange,
  needs: ({ path }) => needsOfFile(path),
  diff(facts, params, context) {
    const { path, state, create } = params;
    if (!facts.path && state === 'absent') return inSync();
    if (!facts.path && !create) return refused(`${path} does not exist`, 'create: true makes it');
    if (facts.path && facts.before === undefined)
      return refused(`${path} cannot be read`, 'is it a text file below 256 KB?');
    const before = facts.before ?? '';
    const content = state === 'absent' ? removeLines(before, params) : putLine(before, params);
    return diffFile(facts, { ...params, dest: path, content }, context);
  },
  apply: applyFile,
  writes: writesOfFile,
  aim: ({ path, line, regexp, state }) =>
    state === 'absent' ? `no line ${line ?? regexp ?? ''} in ${path}` : `the line ${line ?? ''} in ${path}`,
});
