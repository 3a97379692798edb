import {
  isOn,
  isSynchronousRole,
  lagBehind,
  leaderOf,
  mayLead,
  streamersOf,
  type PatroniCluster,
} from '../clients/patroni/api.ts';
import type { Claim } from '../clients/patroni/leaders.ts';
import type { ClusterStanding, Standing } from '../clients/patroni/standing.ts';
import type { EtcdMember } from '../clients/etcd.ts';
import { exhaustedDisk } from '../components/disk.ts';
import { etcd } from '../components/etcd/index.ts';
import { alarmsOf, etcdLeaderOf, type EtcdState } from '../components/etcd/state.ts';
import { haproxy } from '../components/haproxy/index.ts';
import { serversUp } from '../components/haproxy/state.ts';
import { patroni } from '../components/patroni/index.ts';
import { claimsIn, clusterOf, pastOf, sharedPast, type PatroniState } from '../components/patroni/state.ts';
import { timingOf, type Timing } from '../components/patroni/timing.ts';
import type { ClusterHost } from '../components/place.ts';
import type { Snapshot } from './snapshot.ts';
import type { Topology } from './topology.ts';

/** A database member as decisions need it. */
export interface MemberView extends Standing {
  readonly streaming: boolean;
  /** Where in the WAL it is, in bytes: of the leader what it wrote, of another what it has replayed. */
  readonly position: number | undefined;
  readonly pendingRestart: boolean;
  readonly paused: boolean;
  /** What is left of a disk without room for a last checkpoint; undefined where there is room. */
  readonly fullDisk: string | undefined;
  /** When PostgreSQL was started, as text that another start changes. */
  readonly started: string | undefined;
}

/** An etcd member as decisions need it. */
export interface EtcdMemberView {
  readonly name: string;
  readonly id: string | undefined;
  readonly answers: boolean;
  /** It knows a leader: it is not cut off from the majority. */
  readonly follows: boolean;
  readonly learner: boolean;
  readonly alarms: readonly string[];
}

/** The cluster as decisions need it: what its parts say, put together. */
export interface ClusterView extends ClusterStanding<MemberView> {
  readonly cluster: string;
  /** Who leads: by its own word, or where its host can't be asked, by the others'. */
  readonly leader: string | undefined;
  /** All who say that they lead. */
  readonly leaders: readonly string[];
  readonly claims: readonly Claim[];
  /** It follows another cluster, and takes no writes. */
  readonly standby: boolean;
  readonly scheduled: PatroniCluster['scheduled_switchover'];
  /** What the DCS holds; undefined while nobody gives it. */
  readonly config: Readonly<Record<string, unknown>> | undefined;
  readonly timing: Timing;
  /** Patroni's version, as a member says. */
  readonly patroniVersion: string | undefined;
  readonly etcd: readonly EtcdMemberView[];
  readonly etcdLeader: string | undefined;
  /** Who belongs to it by its own lists, whether the inventory names them or not. */
  readonly listed: {
    readonly patroni: readonly { readonly name: string; readonly address: string | undefined }[];
    readonly etcd: readonly EtcdMember[];
  };
  /** Servers that HAProxy sends writes to, by HAProxy's host. */
  readonly writesTo: ReadonlyMap<string, readonly string[]>;
}

/** Puts a snapshot together. */
export function viewOf(topology: Topology, snapshot: Snapshot): ClusterView {
  const databases = snapshot.of(patroni);
  const voters = snapshot.of(etcd);
  const said = [...databases.values()];
  const cluster = clusterOf(databases);
  const config = said.find((state) => state.config)?.config;
  const claims = claimsIn(databases);
  const leaders = claims.map(({ name }) => name);
  const leader = leaders[0] ?? (cluster && leaderOf(cluster)?.name);
  const settings = config ?? topology.of(patroni).settings.dcs;
  return {
    cluster: topology.cluster,
    members: topology.hostsOf(patroni).map((host) => ({
      ...memberOf(host, databases, cluster, leader),
      fullDisk: exhaustedDisk(databases.get(host.name)?.disks ?? []),
    })),
    leader,
    leaders,
    claims,
    paused: cluster?.pause === true,
    synchronous: isOn(settings['synchronous_mode']),
    strict: isOn(settings['synchronous_mode_strict']),
    past: sharedPast(databases, leader),
    standby: (settings['standby_cluster'] ?? null) !== null,
    scheduled: cluster?.scheduled_switchover,
    config,
    timing: timingOf(settings),
    patroniVersion: said.find(({ member }) => member)?.member?.patroni.version,
    etcd: topology.hostsOf(etcd).map(({ name }) => {
      const { status } = voters.get(name) ?? {};
      return {
        name,
        id: status?.memberId,
        answers: status !== undefined,
        follows: status !== undefined && !['', '0'].includes(status.leaderId),
        learner: status?.isLearner ?? false,
        alarms: alarmsOf(voters, name) ?? [],
      };
    }),
    etcdLeader: etcdLeaderOf(voters),
    listed: {
      patroni: cluster?.members.map(({ name, host }) => ({ name, address: host })) ?? [],
      etcd: etcdListOf(voters),
    },
    writesTo: new Map(
      [...snapshot.of(haproxy)]
        .filter(([, { problem }]) => problem === undefined)
        .map(([host, state]) => [host, serversUp(state, 'primary')]),
    ),
  };
}

/** The leader's list, as a member that was removed or cut off may have an old one. */
function etcdListOf(states: ReadonlyMap<string, EtcdState>): readonly EtcdMember[] {
  const leader = states.get(etcdLeaderOf(states) ?? '');
  const others = [...states.values()].filter(({ view }) => view !== undefined);
  return (leader?.view ?? others[0]?.view)?.members ?? [];
}

function memberOf(
  { name }: ClusterHost,
  states: ReadonlyMap<string, PatroniState>,
  cluster: PatroniCluster | undefined,
  leader: string | undefined,
): Omit<MemberView, 'fullDisk'> {
  const member = states.get(name)?.member;
  const listed = cluster?.members.find((other) => other.name === name);
  const sender = leader === undefined ? undefined : states.get(leader);
  return {
    name,
    answers: member !== undefined,
    running: member?.state === 'running',
    streaming: sender?.member !== undefined && streamersOf(sender.member).has(name),
    synchronous: listed !== undefined && isSynchronousRole(listed.role),
    // What both say now; /cluster is as old as the member's last cycle, and knows nothing right after a start.
    lag: lagBehind(sender?.member, member) ?? (typeof listed?.lag === 'number' ? listed.lag : undefined),
    position: member?.xlog?.location ?? member?.xlog?.replayed_location ?? undefined,
    timeline: member?.timeline ?? listed?.timeline,
    pendingRestart: member?.pending_restart === true,
    paused: member?.pause === true,
    nofailover: !mayLead(listed?.tags),
    nosync: listed?.tags?.['nosync'] === true,
    past: pastOf(member, states.get(name)?.history),
    started: member?.postmaster_start_time ?? undefined,
  };
}
