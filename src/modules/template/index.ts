import * as z from 'zod';
import {
  applyFile,
  diffFile,
  FileChange,
  fileParams,
  needsOfFile,
  presumesOfFile,
  revertFile,
  writesOfFile,
} from '../file-content.ts';
import { defineModule } from '../define-module.ts';

export const template = defineModule({
  name: 'template',
  docs: {
    summary: 'Renders a Handlebars template of the controller into a file on the host.',
    differences: [
      'Templates are Handlebars (`.hbs`), not Jinja; an unknown variable is an error with its position.',
      '`dest` names the file, not a directory. A symbolic link there is replaced by the file, unless it leads to a directory: that is refused.',
      'Without `owner`, `group` and `mode` a new file is root’s and 0644; an existing one keeps its own.',
    ],
    example: `- template:
    src: etc/haproxy/haproxy.cfg.hbs
    dest: /etc/haproxy/haproxy.cfg
    mode: "0644"
    validate: haproxy -dW -c -f %s`,
  },
  params: z.strictObject({
    ...fileParams,
    src: z
      .string()
      .describe('The template, relative to `templates/` beside the playbooks or to the playbook’s folder.'),
    content: z.string().describe('Filled in by drover: the rendered text.'),
  }),
  change: FileChange,
  file: { param: 'src', render: true },
  needs: (params, context) => needsOfFile(params.dest, context.digest(params.content)),
  diff: (facts, params, context) => diffFile(facts, params, context),
  presumes: (params) => presumesOfFile(params.dest, params),
  apply: applyFile,
  revert: revertFile,
  writes: writesOfFile,
  aim: ({ dest, src }) => `${dest} from ${src}`,
});
