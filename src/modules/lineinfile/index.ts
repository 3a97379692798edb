import * as z from 'zod';
import { applyFile, FileChange, fileParams, needsOfFile, writesOfFile } from '../file-content.ts';
import { diffEdit } from '../file-edit.ts';
import { defineModule } from '../define-module.ts';
import { absolutePath, regularExpression } from '../params.ts';
import { putLine, removeLines } from './edit.ts';

const { dest: _dest, ...attributes } = fileParams;

export const lineinfile = defineModule({
  name: 'lineinfile',
  docs: {
    summary: 'Sees to it that a line is in a file, or that none of a kind is.',
    differences: [
      'Regular expressions are JavaScript’s; `search_string` and `firstmatch` are not there.',
      'Files are text in UTF-8. A symbolic link is refused: name the file that it leads to.',
    ],
    example: `- lineinfile:
    path: /etc/default/haproxy
    regexp: "^CONFIG="
    line: CONFIG="/etc/haproxy/haproxy.cfg"`,
  },
  params: z
    .strictObject({
      ...attributes,
      path: absolutePath.describe('The file.'),
      line: z.string().optional().describe('The line; needed unless `state` is `absent`.'),
      regexp: regularExpression
        .optional()
        .describe('The last line that matches is replaced; with `state: absent` all that match are removed.'),
      backrefs: z
        .boolean()
        .default(false)
        .describe('Groups of `regexp` stand in `line` as `\\1`; a file without a match is left alone.'),
      state: z.enum(['present', 'absent']).default('present').describe('Whether the line is to be there.'),
      insertafter: regularExpression
        .optional()
        .describe('A new line goes after the last one that matches, or to the end (`EOF`, the default).'),
      insertbefore: regularExpression
        .optional()
        .describe('A new line goes before the last one that matches, or to the beginning (`BOF`).'),
      create: z.boolean().default(false).describe('Make the file when it is missing.'),
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
  diff: (facts, params, context) =>
    diffEdit(
      facts,
      params,
      (text) => (params.state === 'absent' ? removeLines(text, params) : putLine(text, params)),
      context,
    ),
  apply: applyFile,
  writes: writesOfFile,
  aim: ({ path, line, regexp, state }) =>
    state === 'absent' ? `no line ${line ?? regexp ?? ''} in ${path}` : `the line ${line ?? ''} in ${path}`,
});
