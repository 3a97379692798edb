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
import { expandGroups, problemOf, pythonExpression, pythonPattern } from '../python-expression.ts';
import { putLine, removeLines } from './edit.ts';

const { dest: _dest, ...attributes } = fileParams;

export const lineinfile = defineModule({
  name: 'lineinfile',
  docs: {
    summary: 'Sees to it that a line is in a file, or that none of a kind is.',
    differences: [
      'Regular expressions are Python’s, but for `(?x)`, `(?i:…)`, `(?>…)`, `(?(1)…)` and possessive quantifiers, which are refused; `search_string` and `firstmatch` are not there.',
      'A last line without an end gets one where a line goes after it; Ansible writes on in that line where `insertafter` matches it.',
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
      path: filePath.describe('The file.'),
      line: z.string().optional().describe('The line; needed unless `state` is `absent`.'),
      regexp: pythonPattern
        .optional()
        .describe('The last line that matches is replaced; with `state: absent` all that match are removed.'),
      backrefs: z
        .boolean()
        .default(false)
        .describe(
          'Groups of `regexp` stand in `line` as `\\1`, `\\g<1>` or `\\g<name>`; a file without a match is left alone.',
        ),
      state: z.enum(['present', 'absent']).default('present').describe('Whether the line is to be there.'),
      insertafter: pythonPattern
        .optional()
        .describe('A new line goes after the last one that matches, or to the end (`EOF`, the default).'),
      insertbefore: pythonPattern
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
    )
    .refine((params) => params.insertafter === undefined || params.insertbefore === undefined, {
      message: 'give insertafter or insertbefore, not both',
      path: ['insertbefore'],
    })
    .superRefine(({ backrefs, regexp, line = '' }, context) => {
      if (!backrefs) return;
      const problem =
        regexp === undefined
          ? 'with backrefs is missing'
          : problemOf(() => expandGroups(line, pythonExpression(regexp), ''));
      const path = [regexp === undefined ? 'regexp' : 'line'];
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, path });
    }),
  change: FileChange,
  needs: ({ path }) => needsOfFile(path),
  diff: (facts, params, context) =>
    diffEdit(
      facts,
      params,
      (text) => (params.state === 'absent' ? removeLines(text, params) : putLine(text, params)),
      context,
    ),
  presumes: (params) => presumesOfFile(params.path, params),
  apply: applyFile,
  writes: writesOfFile,
  aim: ({ path, line, regexp, state }) =>
    state === 'absent' ? `no line ${line ?? regexp ?? ''} in ${path}` : `the line ${line ?? ''} in ${path}`,
});
