import * as z from 'zod';
import { memberListRequest } from '../../clients/etcd.ts';
import { needHttp } from '../../facts/api.ts';
import { needContent } from '../../facts/content.ts';
import { onHost } from '../../facts/need.ts';
import { needAvailable } from '../../facts/package.ts';
import { needPath } from '../../facts/path.ts';
import { changeFields } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { absolutePath } from '../params.ts';
import { operationsOf } from './commands.ts';
import { diffMember } from './diff.ts';

/** Holds the id of the cluster that drover made this host a member of. */
export const recordFile = '/var/lib/drover/cluster/etcd';

const Member = z.strictObject({
  /** The inventory's name of the host, and the member's. */
  name: z.string(),
  /** Where the other members and clients reach it. */
  address: z.string(),
});

const Params = z.strictObject({
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
export type EtcdMemberParams = z.infer<typeof Params>;

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

export const etcdMember = defineModule({
  name: 'etcd_member',
  docs: {
    summary:
      'Makes the host a member of an etcd cluster: the first host of an empty group starts one, every other is added as a learner, started, and promoted once it has caught up. Data that drover did not make is never touched.',
    example: `- etcd_member:
    name: "{{inventory_hostname}}"
    members: "{{etcd_members}}"
    data_dir: /var/lib/etcd/postgresql`,
  },
  params: Params,
  change: EtcdMemberChange,
  stepwise: true,
  needs: ({ name, members, client_port: port, data_dir: dataDir, package: pkg }) => {
    const others = members.filter((member) => member.name !== name);
    const wal = needPath(`${dataDir}/member/wal`);
    const record = needContent(recordFile);
    return {
      version: needAvailable(pkg),
      wal,
      record,
      otherWals: others.map((member) => onHost(member.name, wal)),
      otherRecords: others.map((member) => onHost(member.name, record)),
      lists: members.map((member) => ({
        ...needHttp(memberListRequest({ address: member.address, port })),
        host: member.name,
      })),
    };
  },
  diff: (facts, params) => diffMember(facts, params),
  apply: operationsOf,
  writes: ({ unit, data_dir: dataDir }) => [
    { kind: 'unit', key: `${unit}.service` },
    { kind: 'path', key: `${dataDir}/member/wal` },
    { kind: 'content', key: recordFile },
  ],
  aim: ({ name, members }) => `${name} one of ${members.length} etcd members`,
});
