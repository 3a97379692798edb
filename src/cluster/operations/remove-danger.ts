import { divergence } from '../../clients/patroni/standing.ts';
import { haproxy } from '../../components/haproxy/index.ts';
import { patroni } from '../../components/patroni/index.ts';
import type { Topology } from '../topology.ts';
import type { ClusterView, MemberView } from '../view.ts';
import {
  refuseCandidate,
  refuseFullDisk,
  refusePaused,
  refuseWithoutCandidate,
  refuseWithoutLeader,
  refuseWithoutQuorum,
  troubleOf,
} from './danger.ts';
import type { Refusal } from './plan.ts';
import { refuseScheduled } from './switchover.ts';

/** What is known of a host that is to go, beside what the cluster says of it. */
export interface DepartingHost {
  readonly name: string;
  /** Where the others reach it; undefined where nobody knows. */
  readonly address: string | undefined;
  /** The inventory's groups that it is in. */
  readonly groups: ReadonlySet<string>;
  /** drover is logged in to it. */
  readonly reached: boolean;
  /** Services of an unreachable host that still answer other hosts. */
  readonly answers: readonly string[];
  /** Units of the cluster that run there, or would after a boot. */
  readonly units: ReadonlySet<string>;
  /** What drover keeps there, by component: of etcd the data directory. */
  readonly kept: ReadonlyMap<string, string>;
  /** The leader keeps a replication slot for it. */
  readonly slot: boolean;
}

interface Circumstances {
  /** Who is to lead, if the host does. */
  readonly candidate: MemberView | undefined;
  /** A host that joins before this one goes. */
  readonly arriving: string | undefined;
}

/** Whether the cluster has any use of a host now: without it there is a member less. */
export function isWorking({ members, etcd }: ClusterView, name: string): boolean {
  return (
    members.some((member) => member.name === name && member.running) ||
    etcd.some((member) => member.name === name && member.follows)
  );
}

/** Nothing of a cluster answers: there is nobody to take a host out of. */
export function refuseWithoutCluster({ cluster, members, etcd }: ClusterView, name: string): Refusal[] {
  if (members.some(({ answers }) => answers) || etcd.some(({ answers }) => answers)) return [];
  return [
    {
      message: `no member of ${cluster} answers: there is no cluster to take ${name} out of`,
      hint: `take it out of the inventory; drover provision makes the cluster`,
    },
  ];
}

/** A host that belongs to the cluster cannot take another one's place: there would be a member less. */
export function refuseMember({ listed }: ClusterView, name: string, fresh: string): Refusal[] {
  const isVoter = listed.etcd.some((member) => member.name === fresh && !member.isLearner);
  if (!isVoter && !listed.patroni.some((member) => member.name === fresh)) return [];
  return [
    {
      message: `${fresh} is a member of the cluster already`,
      hint: `drover remove ${name} takes ${name} out; drover provision has ${fresh} join with what it still lacks`,
    },
  ];
}

/** What stands against taking a host out. */
export function refuseRemoval(
  view: ClusterView,
  topology: Topology,
  departing: DepartingHost,
  { candidate, arriving }: Circumstances,
): Refusal[] {
  const { name } = departing;
  return [
    ...refuseHalfDead(departing),
    ...refuseLeaderless(view, name),
    ...refusePaused(view),
    ...refuseScheduled(view),
    ...view.members.filter((member) => member.name === name && name === view.leader).flatMap(refuseFullDisk),
    ...refuseWithoutQuorum(view),
    ...(isWorking(view, name) ? refuseIllOthers(view, [name, arriving ?? name]) : []),
    // What is coming makes good what these miss.
    ...(arriving === undefined
      ? [
          ...refuseLastVoter(view, name),
          ...refuseLastDatabase(view, departing),
          ...refuseLastStandby(view, name),
          ...refuseLastEntry(view, topology, departing),
          ...refuseNoSuccessor(view, name, candidate),
        ]
      : []),
  ];
}

/** A host out of drover's reach whose services run: nobody could stop them. */
function refuseHalfDead({ name, groups, reached, answers }: DepartingHost): Refusal[] {
  if (reached || answers.length === 0) return [];
  const runs = `${answers.join(' and ')} there still ${answers.length === 1 ? 'answers' : 'answer'}`;
  if (groups.size > 0)
    return [
      {
        message: `${name} cannot be logged in to, and ${runs}`,
        hint: `fix the login, or turn ${name} off`,
      },
    ];
  return [
    {
      message: `${name} is in none of the inventory’s groups, and ${runs}`,
      hint: `put ${name} back in the inventory, or turn it off`,
    },
  ];
}

function refuseLeaderless(view: ClusterView, name: string): Refusal[] {
  const silent = !view.members.some((member) => member.name === name && member.answers);
  if (view.leader !== name || !silent) return refuseWithoutLeader(view);
  return [
    {
      message: `${name} led and does not answer, and nobody has taken over yet`,
      hint: `Patroni does that by itself within about ${view.timing.ttl} s: drover status`,
    },
  ];
}

/** A member less while another is out could be one too many. */
function refuseIllOthers(view: ClusterView, except: readonly string[]): Refusal[] {
  const { etcd, members, leader, listed } = view;
  const isListed = (other: string) =>
    [...listed.patroni, ...listed.etcd].some((member) => member.name === other);
  const ill = new Map<string, string>();
  for (const member of members)
    if (leader !== undefined && member.name !== leader && !(member.answers && member.streaming))
      ill.set(member.name, `${member.name} does not follow ${leader}`);
  for (const member of members) {
    const fault = divergence(member, view);
    if (fault) ill.set(member.name, `${member.name} ${fault.message}`);
  }
  for (const member of etcd) {
    const trouble = troubleOf(member);
    if (trouble !== undefined) ill.set(member.name, `etcd on ${member.name} ${trouble}`);
  }
  for (const other of except) ill.delete(other);
  return [...ill].map(([other, message]) =>
    isListed(other)
      ? { message, hint: `fix ${other}, or take it out first: drover remove ${other}` }
      : {
          message: `${other} is in the inventory, and not in the cluster`,
          hint: `if it was removed, take it out of the inventory; if not, fix it, or have it join: drover provision`,
        },
  );
}

function refuseLastVoter({ listed, etcd }: ClusterView, name: string): Refusal[] {
  const isMember = listed.etcd.some((member) => member.name === name);
  const left = listed.etcd.filter((member) => member.name !== name);
  const voters = left.filter(({ isLearner }) => !isLearner);
  if (!isMember) return [];
  const hint = `another etcd member first: give the group etcd one more host and run drover provision, or drover replace ${name} NEW`;
  if (voters.length === 0) {
    const rest = left.length === 0 ? 'is the only etcd member' : 'is the only voter of etcd';
    return [{ message: `${name} ${rest}`, hint }];
  }
  const there = voters.filter((voter) => etcd.some((member) => member.name === voter.name && member.follows));
  if (there.length * 2 > voters.length) return [];
  return [
    {
      message: `without ${name} etcd would have no majority: ${there.length} of ${voters.length} members would be there`,
      hint: 'bring the others back first: drover status',
    },
  ];
}

function refuseLastDatabase(view: ClusterView, { name, groups }: DepartingHost): Refusal[] {
  const isMember = groups.has(patroni.group) || view.listed.patroni.some((member) => member.name === name);
  if (!isMember || view.members.some((member) => member.name !== name && member.running)) return [];
  return [
    {
      message: `${name} is the last database member that runs: its data is the cluster’s`,
      hint: `give the group postgres another host and run drover provision first, or drover replace ${name} NEW`,
    },
  ];
}

function refuseLastStandby(view: ClusterView, name: string): Refusal[] {
  const { members, leader, synchronous } = view;
  const runs = members.some((member) => member.name === name && member.running);
  if (!synchronous || !runs) return [];
  const standbys = members.filter(
    (member) => member.name !== name && member.name !== leader && member.streaming,
  );
  // Where the leader goes, one of them takes its place.
  if (standbys.length > (leader === name ? 1 : 0)) return [];
  return [
    {
      message: `${view.cluster} is synchronous, and would be left without a standby`,
      hint: `add another member first, or drover replace ${name} NEW, or turn synchronous_mode off`,
    },
  ];
}

function refuseLastEntry(
  { writesTo }: ClusterView,
  topology: Topology,
  { name, groups, units }: DepartingHost,
): Refusal[] {
  if (!groups.has(haproxy.group)) return [];
  const others = topology.hostsOf(haproxy).filter((node) => node.name !== name);
  const hint = `give the group haproxy another host, run drover provision and send the clients there first, or drover replace ${name} NEW`;
  if (others.length === 0)
    return [{ message: `${name} is the only HAProxy: clients would have no entry`, hint }];
  if (!units.has('haproxy') || others.some((node) => writesTo.has(node.name))) return [];
  return [{ message: `no other HAProxy than the one on ${name} runs: clients would have no entry`, hint }];
}

function refuseNoSuccessor(view: ClusterView, name: string, candidate: MemberView | undefined): Refusal[] {
  if (view.leader !== name || !isWorking(view, name)) return [];
  if (view.members.every((member) => member.name === name)) return [];
  return candidate ? refuseCandidate(view, candidate) : refuseWithoutCandidate(view);
}
