import * as z from 'zod';
import { changeFields } from '../../plan/change.ts';
import { absolutePath } from '../params.ts';

/** Holds the system identifier of the cluster that drover made this host a member of. */
export const recordFile = '/var/lib/drover/cluster/postgres';

const Endpoint = z.strictObject({ name: z.string(), address: z.string() });

export const PatroniMemberParams = z.strictObject({
  name: z.string(),
  /** All members there are to be; the first makes the cluster when there is none. */
  members: z.array(Endpoint).min(1),
  scope: z.string(),
  etcd: z.array(Endpoint).min(1),
  etcd_port: z.int().default(2379),
  rest_port: z.int().default(8008),
  data_dir: absolutePath,
  config: absolutePath,
  unit: z.string().default('patroni'),
  user: z.string().default('postgres'),
  /** What Patroni reads once, when it makes the cluster: its bootstrap section. */
  bootstrap: z.record(z.string(), z.unknown()),
  /** Seconds for making the cluster, or for cloning it. */
  timeout: z.number().positive().default(3600),
});
export type PatroniMemberParams = z.infer<typeof PatroniMemberParams>;

export const PatroniMemberChange = z.strictObject({
  ...changeFields,
  step: z.enum(['clear', 'bootstrap', 'join', 'record']),
  name: z.string(),
  address: z.string(),
  rest_port: z.int(),
  scope: z.string(),
  config: z.string(),
  data_dir: z.string(),
  unit: z.string(),
  user: z.string(),
  timeout: z.number(),
  /** JSON. */
  bootstrap: z.string(),
  etcd: z.strictObject({ host: z.string(), address: z.string(), port: z.int() }),
});
export type PatroniMemberChange = z.infer<typeof PatroniMemberChange>;
