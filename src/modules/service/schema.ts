import * as z from 'zod';
import { unitName } from '../../facts/unit.ts';
import { changeFields } from '../../plan/change.ts';
import { textList } from '../params.ts';

const states = ['started', 'stopped'] as const;

export const ServiceParams = z.strictObject({
  name: z.string().min(1).transform(unitName),
  state: z
    .enum(states, {
      error: ({ input }) =>
        input === 'restarted' || input === 'reloaded'
          ? `"${input}" is no state to keep: name what makes it necessary in ${input === 'restarted' ? 'restart_on' : 'reload_on'}`
          : `must be one of ${states.join(', ')}`,
    })
    .optional(),
  enabled: z.boolean().optional(),
  /** Have systemd read its unit files again if they changed. */
  daemon_reload: z.boolean().default(false),
  /** Files, or `package:NAME`, whose change makes a restart necessary. */
  restart_on: textList.default([]),
  /** The same for a reload. */
  reload_on: textList.default([]),
  /** What a restart interrupts; asked about before it is done. */
  disrupts: z.string().optional(),
  /** Seconds a start, restart or stop may take. */
  timeout: z.number().positive().default(90),
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
