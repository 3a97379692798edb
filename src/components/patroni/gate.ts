import type { HttpAnswer } from '../../clients/http.ts';
import {
  conditionOf,
  getRequest,
  isBehind,
  isFit,
  isLeaderRole,
  isOn,
  isSynchronousRole,
  lagBehind,
  leaderOf,
  parseCluster,
  parseConfig,
  parseMember,
  streamersOf,
  type PatroniCluster,
  type PatroniMember,
} from '../../clients/patroni.ts';
import { ask } from '../ask.ts';
import { timingOf } from '../timing.ts';
import type { Gate, GateView } from '../gate.ts';

/** One member at a time may be out, and every replica streams. */
export const patroniGate: Gate = {
  async refusal(view, host, ahead) {
    const { cluster, silent } = await readLive(view, () => true);
    if (!cluster) return undefined;
    if (cluster.pause === true) return 'the cluster is paused';
    if (!leaderOf(cluster)) return 'the cluster has no leader';
    const { maximumLag } = timingOf(view.topology.dcs);
    const isOut = (member: Member) =>
      member.name === host ? isBehind(member, maximumLag) : !isFit(member, maximumLag);
    const out = cluster.members.filter(isOut);
    if (out.length > 0) return out.map((member) => `${member.name} is ${conditionOf(member)}`).join(', ');
    const mute = silent.filter((name) => name !== host);
    if (mute.length > 0) return `Patroni on ${mute.join(', ')} does not answer`;
    return ahead ? undefined : synchronousRefusal(cluster, await readConfig(view), host);
  },
  async missing(view, host) {
    if (!view.topology.postgres.some(({ name }) => name === host)) return undefined;
    const { cluster, sender } = await readLive(view, (name) => name === host);
    const me = cluster?.members.find(({ name }) => name === host);
    if (!cluster || !me) return 'Patroni does not show it in the cluster';
    if (!isFit(me, timingOf(view.topology.dcs).maximumLag)) return `it is ${conditionOf(me)}`;
    const leader = leaderOf(cluster);
    if (!leader) return 'the cluster has no leader';
    if (leader !== me && sender && !streamersOf(sender).has(host))
      return `it does not stream from ${leader.name}`;
    const lacksStandby = !hasStandby(cluster) && cluster.members.some(maySync);
    return lacksStandby && isOn((await readConfig(view))['synchronous_mode'])
      ? 'there is no synchronous standby yet'
      : undefined;
  },
  async lead(view) {
    const cluster = await readCluster(view);
    const leader = cluster && leaderOf(cluster)?.name;
    if (!cluster || leader === undefined) return undefined;
    return { leader, members: cluster.members.map(({ name }) => name) };
  },
};

type Member = PatroniCluster['members'][number];

function hasStandby({ members }: PatroniCluster): boolean {
  return members.some(({ role }) => isSynchronousRole(role));
}

function maySync({ role, tags }: Member): boolean {
  return !isLeaderRole(role) && tags?.['nosync'] !== true;
}

/** With strict mode writes wait for a standby: one has to be left while this member is out, and another leads. */
function synchronousRefusal(
  cluster: PatroniCluster,
  config: Readonly<Record<string, unknown>>,
  host: string,
): string | undefined {
  if (!isOn(config['synchronous_mode'])) return undefined;
  if (!hasStandby(cluster)) return 'there is no synchronous standby';
  if (!isOn(config['synchronous_mode_strict'])) return undefined;
  const needed = leaderOf(cluster)?.name === host ? 2 : 1;
  const others = cluster.members.filter((member) => member.name !== host && maySync(member));
  return others.length >= needed
    ? undefined
    : 'no synchronous standby would be left, and writes would wait for one';
}

/** The cluster as the first member shows it that answers. */
export function readCluster(view: GateView): Promise<PatroniCluster | undefined> {
  return askFirst(view, '/cluster', parseCluster);
}

interface Live {
  readonly cluster: PatroniCluster | undefined;
  /** The leader, in its own words. */
  readonly sender?: PatroniMember | undefined;
  /** Members that are in the cluster and do not answer, on hosts that can be reached. */
  readonly silent: readonly string[];
}

/**
 * The cluster, with the lags of some members as they are now: those that /cluster shows are as old as the last cycles
 * of leader and member, and it knows of a Patroni that is gone when its time to live has passed.
 */
async function readLive(view: GateView, isMeant: (name: string) => boolean): Promise<Live> {
  const cluster = await readCluster(view);
  if (!cluster) return { cluster, silent: [] };
  const leader = leaderOf(cluster);
  const sender = leader && (await readMember(view, leader.name));
  const silent: string[] = [];
  const members = cluster.members.map(async (member) => {
    if (!isMeant(member.name)) return member;
    const own = member === leader ? sender : await readMember(view, member.name);
    if (!own && view.fleet.has(member.name)) silent.push(member.name);
    if (member === leader) return member;
    const lag = lagBehind(sender, own);
    return lag === undefined ? member : { ...member, lag };
  });
  return { cluster: { ...cluster, members: await Promise.all(members) }, sender, silent };
}

/** The configuration in force; empty while nobody shows it. */
async function readConfig(view: GateView): Promise<Readonly<Record<string, unknown>>> {
  return (await askFirst(view, '/config', parseConfig)) ?? {};
}

/** The answer of the first member that gives one. */
async function askFirst<T>(
  { fleet, topology }: GateView,
  path: string,
  parse: (answer: HttpAnswer) => T | undefined,
): Promise<T | undefined> {
  for (const { name, address } of topology.postgres) {
    const answer = parse(await ask(fleet, name, getRequest({ address, port: topology.ports.rest }, path)));
    if (answer !== undefined) return answer;
  }
  return undefined;
}

/** What a member says of itself; undefined when it does not answer. */
async function readMember({ fleet, topology }: GateView, name: string): Promise<PatroniMember | undefined> {
  const node = topology.postgres.find((each) => each.name === name);
  if (!node) return undefined;
  const endpoint = { address: node.address, port: topology.ports.rest };
  return parseMember(await ask(fleet, name, getRequest(endpoint, '/patroni')));
}
