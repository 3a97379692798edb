import * as z from 'zod';
import { changeFields } from '../../plan/change.ts';
import { absolutePath, unit } from '../params.ts';

/** Holds the id of the cluster that drover made this host a member of. */
export const recordFile = '/var/lib/drover/cluster/etcd';

const Member = z.strictObject({
  name: z.string().describe('The inventory’s name of the host, and the member’s.'),
  address: z.string().describe('Where the other members and clients reach it.'),
});

export const EtcdMemberParams = z.strictObject({
  name: z.string().describe('The member that this host is to be; one of `members`.'),
  members: z
    .array(Member)
    .min(1)
    .describe('All members there are to be; the first makes the cluster when there is none.'),
  client_port: z.int().default(2379).describe('Port for clients, the same on all members.'),
  peer_port: z.int().default(2380).describe('Port for the other members.'),
  data_dir: absolutePath.describe('Data directory.'),
  unit: unit.default('etcd').describe('systemd unit that runs it.'),
  user: z.string().default('etcd').describe('User that a new data directory is given to.'),
  package: z
    .string()
    .default('etcd-server')
    .describe('Package whose version is checked: learners need etcd 3.4.'),
  hosts: z
    .array(z.string())
    .optional()
    .describe('The hosts of this run: only one that has the first member can make the cluster.'),
  timeout: z.number().positive().default(120).describe('Seconds for a member to catch up and be taken in.'),
});
export type EtcdMemberParams = z.infer<typeof EtcdMemberParams>;

export const EtcdMemberChange = z.strictObject({
  ...changeFields,
  step: z.enum(['bootstrap', 'remove', 'add', 'join', 'promote', 'record']),
  name: z.string(),
  address: z.string(),
  client_port: z.int(),
  peer_url: z.string(),
  data_dir: z.string(),
  unit: z.string(),
  user: z.string(),
  timeout: z.number(),
  /** Name and peer URL of every member, this one included: what it is started with. */
  initial_cluster: z.string(),
  cluster_id: z.string(),
  /** The member id, where the step is about one that has one. */
  member_id: z.string(),
  /** The member that is asked to change the membership, and the host it is asked from. */
  via: z.strictObject({ host: z.string(), address: z.string() }),
});
export type EtcdMemberChange = z.infer<typeof EtcdMemberChange>;
