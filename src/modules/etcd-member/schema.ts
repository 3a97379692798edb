import * as z from 'zod';
import { changeFields } from '../../plan/change.ts';
import { absolutePath } from '../params.ts';

/** Holds the id of the cluster that drover made this host a member of. */
export const recordFile = '/var/lib/drover/cluster/etcd';

const Member = z.strictObject({
  /** The inventory's name of the host, and the member's. */
  name: z.string(),
  /** Where the other members and clients reach it. */
  address: z.string(),
});

export const EtcdMemberParams = z.strictObject({
  name: z.string(),
  /** All members there are to be; the first makes the cluster when there is none. */
  members: z.array(Member).min(1),
  client_port: z.int().default(2379),
  peer_port: z.int().default(2380),
  data_dir: absolutePath,
  unit: z.string().default('etcd'),
  user: z.string().default('etcd'),
  /** Package whose version is checked: learners need etcd 3.4. */
  package: z.string().default('etcd-server'),
  /** Seconds for a member to catch up and be taken in. */
  timeout: z.number().positive().default(120),
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
