import * as z from 'zod';
import { changeFields, inSync } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';

export const debug = defineModule({
  name: 'debug',
  docs: {
    summary: 'Prints a message or a value.',
    differences: ['`var` takes a value: `var: "{{facts}}"`.'],
    example: `- debug:
    msg: "{{inventory_hostname}} is {{facts.distro}} {{facts.release}}"`,
  },
  params: z.strictObject({
    msg: z.unknown().optional().describe('What to print.'),
    var: z.unknown().optional().describe('A value to print instead.'),
  }),
  change: z.strictObject({ ...changeFields }),
  readOnly: true,
  needs: () => ({}),
  diff: (_facts, { msg, var: value }) => inSync({ msg: msg ?? value ?? '' }),
  apply: () => [],
  writes: () => [],
  aim: () => 'a message',
});
