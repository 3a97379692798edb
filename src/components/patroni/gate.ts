import type { Past } from '../../clients/patroni/history.ts';
import type { HttpAnswer } from '../../clients/http.ts';
import {
  awaitsStandby,
  faultOf,
  lacksStandby,
  standingOf,
  stopsStrictWrites,
  type ClusterStanding,
  type Fault,
} from '../../clients/patroni/standing.ts';
import {
  conditionOf,
  getRequest,
  lagBehind,
  leaderOf,
  parseCluster,
  parseConfig,
  parseMember,
  type PatroniCluster,
  type PatroniMember,
} from '../../clients/patroni/api.ts';
import { until } from '../../core/until.ts';
import type { Gate } from '../gate.ts';
import type { Look } from '../look.ts';
import { limitsGoDown } from './running-settings.ts';
import type { PatroniSettings } from './settings.ts';
import { pastOf, readHistory } from './state.ts';
import { timingOf } from './timing.ts';

/** Cycles of Patroni's in which a replica connects to a leader that has just changed or restarted. */
const reconnectCycles = 2;

type Members = Pick<Look<PatroniSettings>, 'ask' | 'hosts' | 'settings'>;

/** One member at a time may be out, and every replica streams. */
export const gate: Gate<PatroniSettings> = {
  async refusal(look, host, ahead) {
    const found = await until(
      async () => {
        const { reason, mayPass } = await refusalNow(look, host, ahead);
        return reason !== undefined && mayPass ? { missing: reason } : { done: reason };
      },
      { within: reconnectCycles * timingOf(look.settings.dcs).loopWait, every: 500 },
    );
    return 'done' in found ? found.done : found.missing;
  },
  async missing(look, host) {
    if (!look.hosts.some(({ name }) => name === host)) return undefined;
    const live = await readLive(look, (name) => name === host);
    const listed = live.cluster?.members.find(({ name }) => name === host);
    if (!live.cluster || !listed) return 'Patroni does not show it in the cluster';
    const standing = standingOf(live.cluster, await knownOf(look, live, false));
    const own = standing.members.find(({ name }) => name === host);
    const fault = own && faultOf(own, standing);
    if (fault) return `it ${describeFault(fault, listed)}`;
    if (standing.leader === undefined) return 'the cluster has no leader';
    return awaitsStandby(standing) ? 'there is no synchronous standby yet' : undefined;
  },
  async lead(look) {
    const cluster = await readCluster(look);
    const leader = cluster && leaderOf(cluster)?.name;
    if (!cluster || leader === undefined) return undefined;
    return { leader, members: cluster.members.map(({ name }) => name) };
  },
  leaderFirst: limitsGoDown,
};

type Listed = PatroniCluster['members'][number];

/** Why the host must not be interrupted now, and whether that may pass by itself within moments. */
interface Refusal {
  readonly reason: string | undefined;
  readonly mayPass: boolean;
}

async function refusalNow(look: Members, host: string, ahead: boolean): Promise<Refusal> {
  const final = (reason: string | undefined): Refusal => ({ reason, mayPass: false });
  const live = await readLive(look, () => true);
  if (!live.cluster) return final(undefined);
  const standing = standingOf(live.cluster, await knownOf(look, live, ahead));
  if (standing.paused) return final('the cluster is paused');
  if (standing.leader === undefined) return final('the cluster has no leader');
  if (standing.scheduled) return final(`a switchover is scheduled for ${standing.scheduled.at}`);
  const out = faultsIn(live.cluster, standing, host);
  if (out.length > 0) {
    const mayPass = out.every(({ kind }) => kind === 'not-streaming');
    return { reason: out.map(({ text }) => text).join(', '), mayPass };
  }
  const mute = live.silent.filter((name) => name !== host);
  if (mute.length > 0) return final(`Patroni on ${mute.join(', ')} does not answer`);
  if (ahead) return final(undefined);
  if (lacksStandby(standing)) return final('there is no synchronous standby');
  return final(
    stopsStrictWrites(standing, host)
      ? 'no synchronous standby would be left, and writes would wait for one'
      : undefined,
  );
}

/** Faults of the members that are to serve while a host is out. The host itself only must not lag far behind. */
function faultsIn({ members }: PatroniCluster, standing: ClusterStanding, host: string) {
  return members.flatMap((listed) => {
    const own = standing.members.find(({ name }) => name === listed.name);
    const fault = own && faultOf(own, standing);
    if (!fault || (listed.name === host && !['lagging', 'diverged', 'other-cluster'].includes(fault.kind)))
      return [];
    return [{ kind: fault.kind, text: `${listed.name} ${describeFault(fault, listed)}` }];
  });
}

/** In Patroni's words where its list shows it. */
function describeFault({ kind, message }: Fault, listed: Listed): string {
  const isPatronisOwn = !['not-streaming', 'other-timeline', 'diverged', 'other-cluster'].includes(kind);
  return isPatronisOwn ? `is ${conditionOf(listed)}` : message;
}

/** The cluster as the first member shows it that answers. */
export function readCluster(look: Members): Promise<PatroniCluster | undefined> {
  return askFirst(look, '/cluster', parseCluster);
}

interface Live {
  readonly cluster: PatroniCluster | undefined;
  /** The leader, in its own words. */
  readonly sender?: PatroniMember | undefined;
  /** Members that are in the cluster and do not answer, on hosts that can be reached. */
  readonly silent: readonly string[];
  /** By member, what its data has been through. */
  readonly pasts: ReadonlyMap<string, Past>;
}

/**
 * The cluster, with the lags of some members as they are now: those that /cluster shows are as old as the last cycles
 * of leader and member, and it knows of a Patroni that is gone when its time to live has passed.
 */
async function readLive(look: Members, isMeant: (name: string) => boolean): Promise<Live> {
  const cluster = await readCluster(look);
  if (!cluster) return { cluster, silent: [], pasts: new Map() };
  const leader = leaderOf(cluster);
  const sender = leader && (await readMember(look, leader.name));
  const silent: string[] = [];
  const pasts = new Map<string, Past>();
  const members = cluster.members.map(async (member) => {
    if (!isMeant(member.name) && member !== leader) return member;
    const [own, history] = await Promise.all([
      member === leader ? sender : readMember(look, member.name),
      readHistory(look, member.name),
    ]);
    pasts.set(member.name, pastOf(own, history));
    if (!own && isMeant(member.name) && look.ask.reaches(member.name)) silent.push(member.name);
    if (member === leader) return member;
    const lag = lagBehind(sender, own);
    return lag === undefined ? member : { ...member, lag };
  });
  return { cluster: { ...cluster, members: await Promise.all(members) }, sender, silent, pasts };
}

/** What is known beside the list. Ahead of a run's changes the configuration counts for nothing: it may be among them. */
async function knownOf(look: Members, { sender, pasts }: Live, ahead: boolean) {
  return {
    maximumLag: timingOf(look.settings.dcs).maximumLag,
    leader: sender,
    pasts,
    config: ahead ? {} : await readConfig(look),
  };
}

/** The configuration in force; empty while nobody shows it. */
async function readConfig(look: Members): Promise<Readonly<Record<string, unknown>>> {
  return (await askFirst(look, '/config', parseConfig)) ?? {};
}

/** The answer of the first member that gives one. */
async function askFirst<T>(
  { ask, hosts, settings }: Members,
  path: string,
  parse: (answer: HttpAnswer) => T | undefined,
): Promise<T | undefined> {
  for (const { name, address } of hosts) {
    const answer = parse(await ask.http(name, getRequest({ address, port: settings.restPort }, path)));
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** What a member says of itself; undefined when it does not answer. */
async function readMember(
  { ask, hosts, settings }: Members,
  name: string,
): Promise<PatroniMember | undefined> {
  const member = hosts.find((each) => each.name === name);
  if (!member) return undefined;
  const endpoint = { address: member.address, port: settings.restPort };
  return parseMember(await ask.http(name, getRequest(endpoint, '/patroni')));
}
