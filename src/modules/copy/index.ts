import * as z from 'zod';
import {
  applyFile,
  diffFile,
  FileChange,
  fileParams,
  needsOfFile,
  revertFile,
  writesOfFile,
} from '../file-content.ts';
import { defineModule } from '../define-module.ts';

export const copy = defineModule({
  name: 'copy',
  docs: {
    summary: 'Puts a file of the controller, or a given text, on the host.',
    differences: [
      'Files are text; a directory is not copied.',
      'A symbolic link at `dest` is replaced by the file.',
      'Without `owner`, `group` and `mode` a new file is root’s and 0644; an existing one keeps its own.',
    ],
    example: `- copy:
    dest: /etc/motd
    content: "kept by drover\\n"
    mode: "0644"`,
  },
  params: z.strictObject({
    ...fileParams,
    src: z
      .string()
      .optional()
      .describe(
        'A file of the controller, relative to `files/` beside the playbooks or to the playbook’s folder.',
      ),
    content: z.string().describe('The text, instead of `src`.'),
    force: z.boolean().default(true).describe('When false, a file that is there is left as it is.'),
  }),
  change: FileChange,
  file: { param: 'src', render: false },
  needs: (params, context) => needsOfFile(params.dest, context.digest(params.content)),
  diff: (facts, { force, ...file }, context) => diffFile(facts, { ...file, onlyIfMissing: !force }, context),
  apply: applyFile,
  revert: revertFile,
  writes: writesOfFile,
  aim: ({ dest }) => `${dest} with the given content`,
});
