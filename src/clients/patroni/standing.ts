// Rules of a rolling restart: fitness, candidates, order, the meaning of Patroni's answers. Pure: no I/O, no wording for
// people.
import { showBytes } from '../../core/text.ts';
import { isForeign, riftBetween, type Past } from './history.ts';
import {
  isOn,
  isSynchronousRole,
  leaderOf,
  mayLead,
  streamersOf,
  type PatroniCluster,
  type PatroniMember,
} from './api.ts';

/** A member as the rules see it. */
export interface Standing {
  readonly name: string;
  /** Its REST API answers; where only the cluster's list is known: it is listed. */
  readonly answers: boolean;
  /** PostgreSQL runs. */
  readonly running: boolean;
  /** The leader sends it WAL; undefined where nobody says. */
  readonly streaming: boolean | undefined;
  /** A synchronous standby, or one of those whose votes count. */
  readonly synchronous: boolean;
  /** Bytes behind the leader; undefined where nobody knows. */
  readonly lag: number | undefined;
  readonly timeline: number | undefined;
  readonly nofailover: boolean;
  readonly nosync: boolean;
  /** What its data has been through; undefined where nobody has looked. */
  readonly past: Past | undefined;
}

/** A cluster as the rules see it. */
export interface ClusterStanding<M extends Standing = Standing> {
  readonly members: readonly M[];
  readonly leader: string | undefined;
  readonly paused: boolean;
  readonly scheduled: { readonly at: string } | undefined;
  readonly synchronous: boolean;
  readonly strict: boolean;
  readonly timing: { readonly maximumLag: number };
  /** What every member has to share: the leader's, and without one what the DCS keeps; undefined where nobody has looked. */
  readonly past: Past | undefined;
}

/** What keeps a member from counting as well, or from taking the lead. */
export interface Fault {
  readonly kind:
    | 'silent'
    | 'stopped'
    | 'other-cluster'
    | 'diverged'
    | 'not-streaming'
    | 'other-timeline'
    | 'lag-unknown'
    | 'lagging'
    | 'nofailover'
    | 'not-synchronous';
  /** What is said of the member: `does not answer`. */
  readonly message: string;
}

/** States in which PostgreSQL is up; a replica that streams says so since Patroni 3.0.4, before it just runs. */
const upStates = ['running', 'streaming', 'in archive recovery'];

/** How a cluster stands by its own list, and by what its leader says of itself and its configuration where that is known. */
export function standingOf(
  cluster: PatroniCluster,
  known: {
    readonly maximumLag: number;
    readonly leader?: PatroniMember | undefined;
    readonly config?: Readonly<Record<string, unknown>> | undefined;
    readonly pasts?: ReadonlyMap<string, Past> | undefined;
  },
): ClusterStanding {
  const leader = leaderOf(cluster)?.name;
  const streamers = known.leader && streamersOf(known.leader);
  return {
    members: cluster.members.map(({ name, role, state, lag, timeline, tags }) => ({
      name,
      answers: true,
      running: upStates.includes(state),
      streaming: streamers?.has(name) ?? streamingBy(state),
      synchronous: isSynchronousRole(role),
      lag: typeof lag === 'number' ? lag : undefined,
      timeline,
      nofailover: !mayLead(tags),
      nosync: tags?.['nosync'] === true,
      past: known.pasts?.get(name),
    })),
    leader,
    paused: cluster.pause === true,
    scheduled: cluster.scheduled_switchover,
    synchronous: known.config
      ? isOn(known.config['synchronous_mode'])
      : cluster.members.some(({ role }) => isSynchronousRole(role)),
    strict: isOn(known.config?.['synchronous_mode_strict']),
    timing: { maximumLag: known.maximumLag },
    past: known.pasts?.get(leader ?? ''),
  };
}

function streamingBy(state: string): boolean | undefined {
  return state === 'running' ? undefined : state === 'streaming';
}

/** Why a member is not one of those that the cluster can count on while another is out; undefined when it is. */
export function faultOf(member: Standing, cluster: ClusterStanding): Fault | undefined {
  return downFault(member) ?? followFault(member, cluster);
}

/** Why a member must not take the lead; undefined when it may. */
export function faultOfCandidate(member: Standing, cluster: ClusterStanding): Fault | undefined {
  const down = downFault(member);
  if (down) return down;
  if (member.nofailover) return { kind: 'nofailover', message: 'is tagged nofailover' };
  const behind = followFault(member, cluster);
  if (behind) return behind;
  return cluster.synchronous && !member.synchronous
    ? {
        kind: 'not-synchronous',
        message: 'is no synchronous standby: it may lack rows that were acknowledged',
      }
    : undefined;
}

function downFault({ answers, running }: Standing): Fault | undefined {
  if (!answers) return { kind: 'silent', message: 'does not answer' };
  return running ? undefined : { kind: 'stopped', message: 'does not run PostgreSQL' };
}

/** Why a member's data is not the cluster's; undefined for one that shares its history. */
export function divergence(member: Standing, { leader, past }: ClusterStanding): Fault | undefined {
  if (member.name === leader || !member.past || !past) return undefined;
  if (isForeign(member.past, past)) {
    return {
      kind: 'other-cluster',
      message: `is of another cluster: system identifier ${member.past.system ?? ''}, not ${past.system ?? ''}`,
    };
  }
  const rift = riftBetween(member.past, past);
  return rift === undefined
    ? undefined
    : { kind: 'diverged', message: `does not share the cluster’s history: ${rift}` };
}

/** Without a leader nobody streams. */
function followFault(member: Standing, cluster: ClusterStanding): Fault | undefined {
  const { name, streaming, lag, timeline } = member;
  const {
    leader,
    members,
    timing: { maximumLag },
  } = cluster;
  if (name === leader) return undefined;
  const diverged = divergence(member, cluster);
  if (diverged) return diverged;
  if (leader !== undefined && streaming === false)
    return { kind: 'not-streaming', message: `does not stream from ${leader}` };
  const leads = members.find((other) => other.name === leader);
  if (timeline !== undefined && leads?.timeline !== undefined && timeline !== leads.timeline) {
    return {
      kind: 'other-timeline',
      message: `is on timeline ${timeline}, and ${leads.name} on ${leads.timeline}`,
    };
  }
  if (lag === undefined) return { kind: 'lag-unknown', message: 'does not report its lag' };
  return lag > maximumLag
    ? {
        kind: 'lagging',
        message: `lags by ${showBytes(lag)}, more than maximum_lag_on_failover (${showBytes(maximumLag)})`,
      }
    : undefined;
}

/** Whether the synchronous mode is on, and no synchronous standby there. */
export function lacksStandby({ synchronous, members }: ClusterStanding): boolean {
  return synchronous && !members.some((member) => member.synchronous);
}

/** Members that may stand by synchronously; the leader is none of them. */
function mayStandBy({ members, leader }: ClusterStanding): readonly Standing[] {
  return members.filter(({ name, nosync }) => name !== leader && !nosync);
}

/** Whether the cluster is still to get the synchronous standby that it can have. */
export function awaitsStandby(cluster: ClusterStanding): boolean {
  return lacksStandby(cluster) && mayStandBy(cluster).length > 0;
}

/**
 * Whether strict writes would wait for a standby while this member is out: one has to be left, and another to lead
 * where it leads itself.
 */
export function stopsStrictWrites(cluster: ClusterStanding, name: string): boolean {
  if (!cluster.synchronous || !cluster.strict) return false;
  const needed = cluster.leader === name ? 2 : 1;
  return mayStandBy(cluster).filter((member) => member.name !== name).length < needed;
}
