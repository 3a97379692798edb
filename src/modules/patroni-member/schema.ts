import * as z from 'zod';
import { changeFields } from '../../plan/change.ts';
import { absolutePath, unit } from '../params.ts';

/** Holds the system identifier of the cluster that drover made this host a member of. */
export const recordFile = '/var/lib/drover/cluster/postgres';

/** Holds the options for initdb that the cluster was made with, as JSON. */
export const initdbFile = '/var/lib/drover/cluster/initdb';

const Endpoint = z.strictObject({
  name: z.string().describe('The inventory’s name of the host, and the member’s.'),
  address: z.string().describe('Where the other members reach it.'),
});

export const PatroniMemberParams = z.strictObject({
  name: z.string().describe('The member that this host is to be; one of `members`.'),
  members: z
    .array(Endpoint)
    .min(1)
    .describe('All members there are to be; the first makes the cluster when there is none.'),
  scope: z.string().describe('The cluster’s name in the DCS.'),
  etcd: z.array(Endpoint).min(1).describe('The etcd members; the first that answers is asked.'),
  etcd_port: z.int().default(2379).describe('Port of etcd for clients.'),
  rest_port: z.int().default(8008).describe('Port of Patroni’s REST API.'),
  data_dir: absolutePath.describe('PostgreSQL’s data directory.'),
  config: absolutePath.describe('Patroni’s configuration file, without a bootstrap section.'),
  unit: unit.default('patroni').describe('systemd unit that runs it.'),
  user: z.string().default('postgres').describe('User that it runs as.'),
  hosts: z
    .array(z.string())
    .optional()
    .describe('The hosts of this run: only one that has the first member can make the cluster.'),
  bootstrap: z
    .record(z.string(), z.unknown())
    .describe('What Patroni reads once, when it makes the cluster: its bootstrap section.'),
  timeout: z.number().positive().default(3600).describe('Seconds for making the cluster, or for cloning it.'),
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
  initdb: z.string(),
  /** Where the cluster has tablespaces, for one that joins it. */
  tablespaces: z.array(z.string()).optional(),
  etcd: z.strictObject({ host: z.string(), address: z.string(), port: z.int() }),
});
export type PatroniMemberChange = z.infer<typeof PatroniMemberChange>;
