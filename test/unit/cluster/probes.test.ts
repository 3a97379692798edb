import { describe, expect, test } from 'vitest';
import { probeEtcd } from '../../../src/components/etcd/probe.ts';
import { probeHaproxy } from '../../../src/components/haproxy/probe.ts';
import { probePatroni } from '../../../src/components/patroni/probe.ts';
import type { ProbeRow } from '../../../src/components/probe-row.ts';
import { probeWatchdog } from '../../../src/components/watchdog/probe.ts';
import type { Snapshot } from '../../../src/components/snapshot.ts';
import type { Topology } from '../../../src/components/topology.ts';
import { formatStatus, statusOf } from '../../../src/output/status-text.ts';
import { painter } from '../../../src/output/style.ts';

const names = ['n1', 'n2', 'n3'];
const nodes = names.map((name, index) => ({ name, address: `10.0.0.${index + 1}` }));

const topology: Topology = {
  cluster: 'demo',
  etcd: nodes,
  postgres: nodes,
  haproxy: [{ name: 'proxy', address: '10.0.0.9' }],
  ports: { etcd: 2379, rest: 8008, postgres: 5432, write: 5000, read: 5001, stats: 7000 },
  etcdQuota: 100 * 1024 ** 2,
  watchdog: { mode: 'required', margin: 5, timeout: 25 },
  synchronous: false,
  dcs: { ttl: 30, postgresql: { parameters: { max_connections: 100 } } },
  noLoadBalance: new Set(),
  probe: { user: 'probe', password: 'x' },
  superuser: { user: 'postgres', password: 'x' },
  admin: 'admin',
  parameters: { max_connections: 100 },
  rest: { user: 'patroni', password: 'x' },
  checks: { interval: 3, fall: 3, rise: 2 },
  entry: ['10.0.0.9'],
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Of<K extends keyof Snapshot> = Mutable<NonNullable<ReturnType<Snapshot[K]['get']>>>;

/** What a healthy cluster answers, led by n1, with etcd led by n2; a test spoils what it is about. */
class Cluster {
  readonly etcd = new Map<string, Of<'etcd'>>();
  readonly patroni = new Map<string, Of<'patroni'>>();
  readonly hosts = new Map<string, Of<'hosts'>>();
  readonly haproxy = new Map<string, Of<'haproxy'>>();

  constructor() {
    const members = names.map((name, index) => ({
      id: String(index + 1),
      name,
      peerUrls: [],
      isLearner: false,
    }));
    for (const [index, name] of names.entries()) {
      const leads = name === 'n1';
      this.etcd.set(name, {
        status: {
          memberId: String(index + 1),
          leaderId: '2',
          term: '7',
          version: '3.4.23',
          size: 1024 ** 2,
          isLearner: false,
        },
        view: { clusterId: 'c', members },
        alarms: [],
      });
      this.patroni.set(name, {
        member: {
          state: 'running',
          role: leads ? 'master' : 'replica',
          timeline: 3,
          database_system_identifier: '7300',
          patroni: { version: '3.0.2', scope: 'demo' },
        },
        leader: leads ? 200 : 503,
        primary: leads ? 200 : 503,
        replica: leads ? 503 : 200,
        cluster: {
          members: names.map((member) => ({
            name: member,
            role: member === 'n1' ? 'leader' : 'replica',
            state: member === 'n1' ? 'running' : 'streaming',
            timeline: 3,
            ...(member === 'n1' ? {} : { lag: member === 'n3' ? 1024 ** 2 * 1.5 : 0 }),
          })),
        },
        config: { ttl: 30, postgresql: { parameters: { max_connections: 100 } } },
        silence: undefined,
      });
      this.hosts.set(name, {
        reached: true,
        container: false,
        watchdog: { state: leads ? 'active' : 'inactive', timeout: leads ? 25 : 60 },
      });
    }
    const server = (proxy: string, name: string, up: boolean) => ({
      proxy,
      server: name,
      status: up ? 'UP' : 'DOWN',
      check: 'L7OK',
      sessions: 0,
    });
    this.haproxy.set('proxy', {
      servers: names.flatMap((name) => [
        server('primary', name, name === 'n1'),
        server('standbys', name, name !== 'n1'),
      ]),
      problem: undefined,
    });
  }

  of<K extends keyof Snapshot>(kind: K, name: string): Of<K> {
    const found = (this[kind] as unknown as Map<string, Of<K>>).get(name);
    if (!found) throw new Error(`no ${kind} of ${name}`);
    return found;
  }

  /** The rows that do not pass, in one line each. */
  faults(own: Topology = topology): string[] {
    return this.rows(own)
      .filter(({ verdict }) => verdict !== 'pass')
      .map(({ verdict, probe, where, found }) => `${verdict} ${probe} (${where}): ${found}`);
  }

  rows(own: Topology = topology): ProbeRow[] {
    return [probeEtcd, probePatroni, probeHaproxy, probeWatchdog].flatMap((probe) => probe(own, this));
  }
}

const open = 'warn etcd access (demo): open: who reaches the client port owns the cluster';

/** Faults after this was done to a healthy cluster, beside the warning that is always there. */
function faultsAfter(spoil: (cluster: Cluster) => void, own: Partial<Topology> = {}): string[] {
  const cluster = new Cluster();
  spoil(cluster);
  const faults = cluster.faults({ ...topology, ...own });
  expect(faults).toContain(open);
  return faults.filter((fault) => fault !== open);
}

test('a healthy cluster passes, and looks at every node', () => {
  expect(faultsAfter(() => undefined)).toEqual([]);
  const wheres = new Set(new Cluster().rows().map(({ where }) => where));
  expect([...names, 'proxy', 'demo'].every((name) => wheres.has(name))).toBe(true);
});

describe('what is wrong shows', () => {
  test.each<[string, (cluster: Cluster) => void, string[]]>([
    [
      'an etcd member that is silent',
      (cluster) =>
        Object.assign(cluster.of('etcd', 'n3'), { status: undefined, view: undefined, alarms: undefined }),
      ['fail etcd member (n3): does not answer'],
    ],
    [
      'an etcd that raised an alarm',
      (cluster) => (cluster.of('etcd', 'n1').alarms = ['NOSPACE']),
      ['fail etcd member (n1): alarm NOSPACE'],
    ],
    [
      'a learner',
      (cluster) => {
        const view = cluster.of('etcd', 'n1').view;
        if (view) Object.assign(view.members[2] ?? {}, { isLearner: true });
      },
      ['fail etcd membership (demo): 2 voters, 1 other'],
    ],
    [
      'two etcd leaders',
      (cluster) => Object.assign(cluster.of('etcd', 'n3').status ?? {}, { leaderId: '3', term: '8' }),
      ['fail etcd leader (n2): 2 leaders, 2 terms'],
    ],
    [
      'no etcd leader',
      (cluster) =>
        names.forEach((name) => Object.assign(cluster.of('etcd', name).status ?? {}, { leaderId: '0' })),
      ['fail etcd leader (demo): 0 leaders, 1 term'],
    ],
    [
      'an etcd that fills up',
      (cluster) => {
        Object.assign(cluster.of('etcd', 'n1').status ?? {}, { size: 60 * 1024 ** 2 });
        Object.assign(cluster.of('etcd', 'n2').status ?? {}, { size: 90 * 1024 ** 2 });
      },
      ['warn etcd size (n1): 60 % of 100 MiB', 'fail etcd size (n2): 90 % of 100 MiB'],
    ],
    [
      'both leaders on one host',
      (cluster) =>
        names.forEach((name) => Object.assign(cluster.of('etcd', name).status ?? {}, { leaderId: '1' })),
      ['warn etcd leader’s host (n1): n1: a failover takes a time to live longer'],
    ],
    [
      'no leader',
      (cluster) => Object.assign(cluster.of('patroni', 'n1'), { leader: 503, primary: 503, replica: 503 }),
      [
        'fail leader (demo): 0 leaders',
        'fail role (n1): /replica 503, /primary 503',
        'fail HAProxy writes (proxy): up: n1',
        'fail HAProxy reads (proxy): up: n2, n3',
        'fail watchdog (n1): active',
      ],
    ],
    [
      'two leaders',
      (cluster) => Object.assign(cluster.of('patroni', 'n2'), { leader: 200, primary: 200, replica: 503 }),
      [
        'fail leader (n1): 2 leaders',
        'fail role (n2): /replica 503, /primary 200',
        'fail watchdog (n2): inactive',
      ],
    ],
    [
      'a leader that does not take writes yet',
      (cluster) => Object.assign(cluster.of('patroni', 'n1').member ?? {}, { role: 'replica' }),
      ['fail role (n1): /primary 200, role replica'],
    ],
    [
      'a silent node',
      (cluster) =>
        Object.assign(cluster.of('patroni', 'n3'), {
          member: undefined,
          leader: undefined,
          primary: undefined,
          replica: undefined,
          silence: 'connection refused',
        }),
      ['fail role (n3): /replica silent, /primary silent', 'fail Patroni (n3): connection refused'],
    ],
    [
      'what waits, is paused, or has lost its watchdog',
      (cluster) =>
        Object.assign(cluster.of('patroni', 'n2').member ?? {}, {
          pending_restart: true,
          pause: true,
          watchdog_failed: true,
        }),
      ['fail Patroni (n2): running, waits for a restart, paused, watchdog failed'],
    ],
    [
      'another cluster’s node, on another timeline',
      (cluster) =>
        Object.assign(cluster.of('patroni', 'n2').member ?? {}, {
          database_system_identifier: '1',
          timeline: 2,
        }),
      ['fail system identifier (demo): 2 identifiers', 'fail timeline (demo): 2 timelines'],
    ],
    [
      'a member that the inventory does not have',
      (cluster) => {
        const all = cluster.of('patroni', 'n1').cluster;
        if (all) (all.members as unknown[]).push({ name: 'old', role: 'replica', state: 'running' });
      },
      ['fail members (demo): n1, n2, n3, old'],
    ],
    [
      'a DCS that was changed by hand',
      (cluster) => (cluster.of('patroni', 'n1').config = { ttl: 60 }),
      ['fail DCS configuration (demo): ttl is 60, postgresql.parameters.max_connections is not set'],
    ],
    [
      'an HAProxy that sends writes to two',
      (cluster) => {
        const two = cluster
          .of('haproxy', 'proxy')
          .servers.find(({ proxy, server }) => proxy === 'primary' && server === 'n2');
        Object.assign(two ?? {}, { status: 'UP 1/2' });
      },
      ['fail HAProxy writes (proxy): up: n1, n2'],
    ],
    [
      'an HAProxy that does not answer',
      (cluster) => Object.assign(cluster.of('haproxy', 'proxy'), { servers: [], problem: 'no socket' }),
      ['fail HAProxy (proxy): no socket'],
    ],
    [
      'a watchdog that nobody holds, or with another timeout',
      (cluster) => {
        cluster.of('hosts', 'n1').watchdog = { state: 'active', timeout: 60 };
        cluster.of('hosts', 'n2').watchdog = { state: 'active', timeout: 25 };
        cluster.of('hosts', 'n3').watchdog = undefined;
      },
      ['fail watchdog (n1): active, 60 s', 'fail watchdog (n2): active', 'fail watchdog (n3): no device'],
    ],
  ])('%s', (_, spoil, faults) => {
    expect(faultsAfter(spoil)).toEqual(faults);
  });

  test('a host that is out of reach has no watchdog row', () => {
    const away = (cluster: Cluster) =>
      Object.assign(cluster.of('hosts', 'n1'), { reached: false, watchdog: undefined });
    expect(faultsAfter(away)).toEqual([]);
  });

  test('less where the inventory asks for less', () => {
    const inContainers = (cluster: Cluster) =>
      names.forEach((name) =>
        Object.assign(cluster.of('hosts', name), { container: true, watchdog: undefined }),
      );
    expect(faultsAfter(inContainers)).toEqual(['warn watchdog (n1): none: it runs in a container']);
    const none = (cluster: Cluster) => (cluster.of('hosts', 'n1').watchdog = undefined);
    expect(faultsAfter(none, { watchdog: { mode: 'automatic', margin: 5, timeout: 25 } })).toEqual([
      'warn watchdog (n1): no device',
    ]);
    expect(faultsAfter(none, { watchdog: { mode: 'off', margin: 5, timeout: 25 } })).toEqual([]);
  });

  test('a node that is not to serve reads is expected to refuse them', () => {
    const refuses = (cluster: Cluster) => {
      cluster.of('patroni', 'n3').replica = 503;
      const server = cluster
        .of('haproxy', 'proxy')
        .servers.find((one) => one.proxy === 'standbys' && one.server === 'n3');
      Object.assign(server ?? {}, { status: 'DOWN' });
    };
    expect(faultsAfter(refuses, { noLoadBalance: new Set(['n3']) })).toEqual([]);
    expect(faultsAfter(() => undefined, { noLoadBalance: new Set(['n3']) })).toEqual([
      'fail role (n3): /replica 200, /primary 503',
      'fail HAProxy reads (proxy): up: n2, n3',
    ]);
  });
});

describe('status', () => {
  const show = (cluster: Cluster) =>
    formatStatus(statusOf(topology, cluster), painter(false))
      .split('\n')
      .map((line) => line.replace(/ {2,}/g, ' | '));

  test('shows the cluster in the terms of patronictl list', () => {
    expect(show(new Cluster())).toEqual([
      'demo (7300)',
      'member | address | role | state | timeline | lag',
      'n1 | 10.0.0.1 | leader | running | 3',
      'n2 | 10.0.0.2 | replica | running | 3 | 0',
      'n3 | 10.0.0.3 | replica | running | 3 | 1.5 MiB',
      '',
      'etcd | address | role | version | size',
      'n1 | 10.0.0.1 | follower | 3.4.23 | 1.0 MiB',
      'n2 | 10.0.0.2 | leader | 3.4.23 | 1.0 MiB',
      'n3 | 10.0.0.3 | follower | 3.4.23 | 1.0 MiB',
      '',
      'HAProxy | address | writes to | reads from',
      'proxy | 10.0.0.9 | n1 | n2 n3',
    ]);
  });

  test('shows what is silent, paused and pending', () => {
    const cluster = new Cluster();
    Object.assign(cluster.of('patroni', 'n3'), { member: undefined, leader: undefined, silence: 'refused' });
    Object.assign(cluster.of('patroni', 'n2').member ?? {}, { pending_restart: true });
    Object.assign(cluster.of('patroni', 'n1').cluster ?? {}, { pause: true });
    Object.assign(cluster.of('etcd', 'n3'), { status: undefined });
    const lines = show(cluster);
    expect(lines[0]).toBe('demo (7300), paused');
    expect(lines[3]).toBe('n2 | 10.0.0.2 | replica | running | 3 | 0 | waits for a restart');
    expect(lines[4]).toBe('n3 | 10.0.0.3 | replica | streaming | 3 | 1.5 MiB | refused');
    expect(lines[9]).toBe('n3 | 10.0.0.3 | silent | ? | ?');
  });
});
