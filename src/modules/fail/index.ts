import * as z from 'zod';
import { changeFields, refused } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';

export const fail = defineModule({
  name: 'fail',
  docs: {
    summary: 'Stops the host with a message; use it with `when`.',
    example: `- fail:
    msg: two etcd members are one too few
  when: eq (length groups.etcd) 2`,
  },
  params: z.strictObject({
    msg: z.string().default('failed as requested').describe('Why.'),
    hint: z.string().default('see the task’s condition').describe('What to do about it.'),
  }),
  change: z.strictObject({ ...changeFields }),
  readOnly: true,
  needs: () => ({}),
  diff: (_facts, { msg, hint }) => refused(msg, hint),
  apply: () => [],
  writes: () => [],
  aim: ({ msg }) => msg,
});
