import * as z from 'zod';
import { unitName } from '../../facts/unit.ts';
import { changeFields } from '../../plan/change.ts';
import { textList, unit } from '../params.ts';

const states = ['started', 'stopped'] as const;

export const ServiceParams = z.strictObject({
  name: unit.transform(unitName).describe('The unit: `etcd` is `etcd.service`.'),
  state: z
    .enum(states, {
      error: ({ input }) =>
        input === 'restarted' || input === 'reloaded'
          ? `"${input}" is no state to keep: name what makes it necessary in ${input === 'restarted' ? 'restart_on' : 'reload_on'}`
          : `must be one of ${states.join(', ')}`,
    })
    .optional()
    .describe('Whether it is to run; left as it is when not given.'),
  enabled: z.boolean().optional().describe('Whether it is to be started at boot.'),
  daemon_reload: z
    .boolean()
    .default(false)
    .describe('Have systemd read its unit files again if they changed.'),
  restart_on: textList
    .default([])
    .describe('Files, or `package:NAME`, whose change makes a restart necessary.'),
  reload_on: textList
    .default([])
    .describe('Files, or `package:NAME`, whose change makes a reload necessary.'),
  disrupts: z.string().optional().describe('What a restart interrupts; asked about before it is done.'),
  timeout: z.number().positive().default(90).describe('Seconds a start, restart or stop may take.'),
});
export type ServiceParams = z.infer<typeof ServiceParams>;

export const ServiceChange = z.strictObject({
  ...changeFields,
  unit: z.string(),
  restart_on: z.array(z.string()),
  reload_on: z.array(z.string()),
  timeout: z.number(),
});
export type ServiceChange = z.infer<typeof ServiceChange>;
