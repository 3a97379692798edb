import {
  alarmsRequest,
  memberListRequest,
  parseAlarms,
  parseMemberList,
  parseStatus,
  statusRequest,
  type EtcdStatus,
  type EtcdView,
} from '../clients/etcd.ts';
import { parseStat, showStatScript, type HaproxyServer } from '../clients/haproxy.ts';
import type { HttpAnswer } from '../clients/http.ts';
import {
  getRequest,
  parseCluster,
  parseConfig,
  parseMember,
  type PatroniCluster,
  type PatroniMember,
} from '../clients/patroni.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import { ask, runOn } from './ask.ts';
import type { Node, Topology } from './topology.ts';

/** What one etcd member says; undefined parts it did not answer. */
interface EtcdSnapshot {
  readonly status: EtcdStatus | undefined;
  readonly view: EtcdView | undefined;
  readonly alarms: readonly string[] | undefined;
}

export interface PatroniSnapshot {
  readonly member: PatroniMember | undefined;
  /** HTTP status of the health checks; undefined for silence. */
  readonly leader: number | undefined;
  readonly primary: number | undefined;
  readonly replica: number | undefined;
  readonly cluster: PatroniCluster | undefined;
  readonly config: Readonly<Record<string, unknown>> | undefined;
  /** Why it is silent. */
  readonly silence: string | undefined;
}

/** A hardware or software watchdog, as the kernel shows it. */
interface WatchdogSnapshot {
  readonly state: string;
  /** Seconds. */
  readonly timeout: number;
}

interface HostSnapshot {
  readonly reached: boolean;
  readonly container: boolean;
  readonly watchdog: WatchdogSnapshot | undefined;
}

interface HaproxySnapshot {
  readonly servers: readonly HaproxyServer[];
  readonly problem: string | undefined;
}

/** The whole cluster at one moment, by host. */
export interface Snapshot {
  readonly etcd: ReadonlyMap<string, EtcdSnapshot>;
  readonly patroni: ReadonlyMap<string, PatroniSnapshot>;
  readonly hosts: ReadonlyMap<string, HostSnapshot>;
  readonly haproxy: ReadonlyMap<string, HaproxySnapshot>;
}

/** Asks every part of the cluster, all at once, through the hosts' connections. */
export async function takeSnapshot(fleet: Fleet, topology: Topology): Promise<Snapshot> {
  const each = async <T>(nodes: readonly Node[], take: (node: Node) => Promise<T>): Promise<Map<string, T>> =>
    new Map(await Promise.all(nodes.map(async (node) => [node.name, await take(node)] as const)));
  const [etcd, patroni, hosts, haproxy] = await Promise.all([
    each(topology.etcd, (node) => etcdSnapshot(fleet, node, topology)),
    each(topology.postgres, (node) => patroniSnapshot(fleet, node, topology)),
    each(topology.postgres, (node) => hostSnapshot(fleet, node)),
    each(topology.haproxy, (node) => haproxySnapshot(fleet, node)),
  ]);
  return { etcd, patroni, hosts, haproxy };
}

async function etcdSnapshot(
  fleet: Fleet,
  { name, address }: Node,
  { ports }: Topology,
): Promise<EtcdSnapshot> {
  const endpoint = { address, port: ports.etcd };
  const [status, list, alarms] = await Promise.all(
    [statusRequest, memberListRequest, alarmsRequest].map((request) => ask(fleet, name, request(endpoint))),
  );
  const nothing: HttpAnswer = { answered: false, reason: '' };
  return {
    status: parseStatus(status ?? nothing),
    view: parseMemberList(list ?? nothing),
    alarms: parseAlarms(alarms ?? nothing),
  };
}

async function patroniSnapshot(
  fleet: Fleet,
  { name, address }: Node,
  { ports }: Topology,
): Promise<PatroniSnapshot> {
  const get = (path: string) => ask(fleet, name, getRequest({ address, port: ports.rest }, path));
  const [member, leader, primary, replica, cluster, config] = await Promise.all([
    get('/patroni'),
    get('/leader'),
    get('/primary'),
    get('/replica?lag=1MB'),
    get('/cluster'),
    get('/config'),
  ]);
  const status = (answer: HttpAnswer) => (answer.answered ? answer.status : undefined);
  return {
    member: parseMember(member),
    leader: status(leader),
    primary: status(primary),
    replica: status(replica),
    cluster: parseCluster(cluster),
    config: parseConfig(config),
    silence: member.answered ? undefined : member.reason,
  };
}

const watchdogScript = `systemd-detect-virt -q -c 2>/dev/null && echo container || echo machine
for d in /sys/class/watchdog/*; do [ -r "$d/state" ] && echo "$(cat "$d/state") $(cat "$d/timeout")"; done; :`;

async function hostSnapshot(fleet: Fleet, { name }: Node): Promise<HostSnapshot> {
  const output = await runOn(fleet, name, watchdogScript);
  const [kind = '', ...watchdogs] = output.stdout.trim().split('\n');
  const all = watchdogs
    .map((line) => line.split(' '))
    .map(([state = '', timeout = '0']) => ({ state, timeout: Number(timeout) }));
  return {
    reached: output.status === 0,
    container: kind === 'container',
    watchdog: all.find((watchdog) => watchdog.state === 'active') ?? all[0],
  };
}

async function haproxySnapshot(fleet: Fleet, { name }: Node): Promise<HaproxySnapshot> {
  const { status, stdout, stderr } = await runOn(fleet, name, showStatScript);
  if (status !== 0) return { servers: [], problem: stderr.trim() || 'not reachable' };
  return { servers: parseStat(stdout), problem: undefined };
}

/** The members that lead according to their own words. */
export function leadersOf(snapshot: Snapshot): string[] {
  return [...snapshot.patroni].filter(([, { leader }]) => leader === 200).map(([name]) => name);
}

/** The host of etcd's leader, if a member says who it is. */
export function etcdLeaderOf(snapshot: Snapshot): string | undefined {
  return [...snapshot.etcd].find(
    ([, { status }]) => status !== undefined && status.leaderId === status.memberId,
  )?.[0];
}
