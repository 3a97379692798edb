import * as z from 'zod';
import { changeFields, inSync } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';

export const setFact = defineModule({
  name: 'set_fact',
  docs: {
    summary: 'Sets variables of the host for the rest of the run.',
    differences: ['No `cacheable`.'],
    example: `- set_fact:
    data_dir: "/var/lib/postgresql/{{postgres_version}}/main"`,
  },
  params: z
    .record(z.string().regex(/^[a-zA-Z_]\w*$/, 'is not a variable name'), z.unknown())
    .refine((variables) => !Object.hasOwn(variables, 'cacheable'), {
      path: ['cacheable'],
      error: 'is not supported: what is set lasts for the run',
    }),
  change: z.strictObject({ ...changeFields }),
  readOnly: true,
  setsVariables: true,
  needs: () => ({}),
  diff: (_facts, params) => inSync({ ansible_facts: params }),
  apply: () => [],
  writes: () => [],
  aim: (params) => `set ${Object.keys(params).join(', ')}`,
});
