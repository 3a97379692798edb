import * as z from 'zod';
import { changeFields } from '../../plan/change.ts';
import { absolutePath, unit } from '../params.ts';

const Endpoint = z.strictObject({
  name: z.string().describe('The member’s name.'),
  address: z.string().describe('Where its REST API and its PostgreSQL listen.'),
});

export const PatroniRestartParams = z.strictObject({
  name: z.string().describe('The member on this host; one of `members`.'),
  members: z.array(Endpoint).min(1).describe('All members.'),
  rest_port: z.int().default(8008).describe('Port of the REST API.'),
  rest_user: z.string().describe('Who may restart something through it.'),
  rest_password: z.string().describe('That user’s password.'),
  port: z.int().default(5432).describe('Port of PostgreSQL.'),
  login_user: z
    .string()
    .describe('Superuser to read the settings as: nobody else may look into the files they come from.'),
  login_password: z.string().describe('That role’s password.'),
  parameters: z
    .record(z.string(), z.unknown())
    .optional()
    .describe(
      'PostgreSQL’s parameters as they are to be in effect; what the server cannot take is refused. Without them settings are no reason for a restart.',
    ),
  server_packages: z
    .array(z.string())
    .default([])
    .describe(
      'Packages of PostgreSQL’s server: one that was unpacked after it was started makes a restart necessary.',
    ),
  patroni_packages: z
    .array(z.string())
    .default([])
    .describe('Packages of Patroni. A newer one has the unit restarted, and PostgreSQL with it.'),
  dcs: z
    .record(z.string(), z.unknown())
    .default({})
    .describe(
      'What the DCS is to hold: logical slots that its `slots` does not describe are lost. `ignore_slots` keeps them while the leader stays.',
    ),
  unit: unit.default('patroni').describe('Patroni’s systemd unit.'),
  data_dir: absolutePath
    .optional()
    .describe(
      'PostgreSQL’s data directory: the cause of a failure is looked for in its log, and in the unit’s.',
    ),
  stop_timeout: z.number().positive().default(300).describe('Seconds the unit may take to stop.'),
  maximum_lag: z
    .int()
    .default(1_048_576)
    .describe('Bytes that another member may lag behind for this one to be restarted.'),
  pending_within: z
    .number()
    .positive()
    .default(30)
    .describe('Seconds within which Patroni notices that a changed setting needs a restart.'),
  timeout: z.number().positive().default(300).describe('Seconds for the restart.'),
});
export type PatroniRestartParams = z.infer<typeof PatroniRestartParams>;

export const PatroniRestartChange = z.strictObject({
  ...changeFields,
  /** A replica; a leader that hands over first; a leader in its place. */
  how: z.enum(['replica', 'switchover', 'in-place']),
  name: z.string(),
  address: z.string(),
  /** Of a replica on which a setting goes down: the leader, which has gone before. */
  leader: Endpoint.optional(),
  /** Of a leader: the other members. */
  followers: z.array(Endpoint).optional(),
  rest_port: z.int(),
  rest_user: z.string(),
  rest_password: z.string(),
  maximum_lag: z.int(),
  pending_within: z.number(),
  /** A setting waits for it, and Patroni is going to say so. */
  pends: z.boolean(),
  /** Packages that are newer than the running server. */
  newer: z.array(z.string()),
  /** Patroni's unit, where all of it is to be restarted, and what that may take in seconds. */
  unit: z.string().optional(),
  stop_timeout: z.number(),
  timeout: z.number(),
  /** What shows why PostgreSQL does not start. */
  cause: z.string().optional(),
});
export type PatroniRestartChange = z.infer<typeof PatroniRestartChange>;
