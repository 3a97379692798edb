import { expect } from 'vitest';
import { seenOf, Snapshot } from '../../../src/cluster/snapshot.ts';
import type { Topology } from '../../../src/cluster/topology.ts';
import { etcd } from '../../../src/components/etcd/index.ts';
import { probeEtcd } from '../../../src/components/etcd/probe.ts';
import type { EtcdState } from '../../../src/components/etcd/state.ts';
import { haproxy } from '../../../src/components/haproxy/index.ts';
import { probeServers } from '../../../src/components/haproxy/probe.ts';
import type { HaproxyState } from '../../../src/components/haproxy/state.ts';
import { patroni } from '../../../src/components/patroni/index.ts';
import { probePatroni } from '../../../src/components/patroni/probe.ts';
import type { PatroniState } from '../../../src/components/patroni/state.ts';
import type { ProbeRow } from '../../../src/components/probe-row.ts';
import { watchdog } from '../../../src/components/watchdog/index.ts';
import { probeWatchdog } from '../../../src/components/watchdog/probe.ts';
import type { WatchdogState } from '../../../src/components/watchdog/state.ts';
import { diskWith, etcdSettings, haproxySettings, patroniSettings, topologyWith } from './support.ts';

export const names = ['n1', 'n2', 'n3'];
const nodes = names.map((name, index) => ({ name, address: `10.0.0.${index + 1}` }));

export const topology = topologyWith('demo', {
  etcd: { hosts: nodes, settings: etcdSettings(100 * 1024 ** 2) },
  patroni: {
    hosts: nodes,
    settings: patroniSettings({
      dcs: { ttl: 30, postgresql: { parameters: { max_connections: 100 } } },
      parameters: { max_connections: 100 },
    }),
  },
  haproxy: { hosts: [{ name: 'proxy', address: '10.0.0.9' }], settings: haproxySettings },
  watchdog: { hosts: nodes, settings: { mode: 'required', margin: 5, timeout: 25 } },
});

const streamTo = (name: string) => ({ application_name: name, state: 'streaming', sync_state: 'async' });

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What a healthy cluster answers, led by n1, with etcd led by n2; a test spoils what it is about. */
export class SeenCluster {
  readonly etcd = new Map<string, Mutable<EtcdState>>();
  readonly patroni = new Map<string, Mutable<PatroniState>>();
  readonly watchdog = new Map<string, Mutable<WatchdogState>>();
  readonly haproxy = new Map<string, Mutable<HaproxyState>>();

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
        disks: [diskWith(43)],
      });
      this.patroni.set(name, {
        member: {
          state: 'running',
          role: leads ? 'master' : 'replica',
          timeline: 3,
          database_system_identifier: '7300',
          patroni: { version: '3.0.3', scope: 'demo' },
          ...(leads ? { replication: names.filter((other) => other !== name).map(streamTo) } : {}),
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
        history: [{ timeline: 3, parent: 2, at: 5000 }],
        dcsHistory: undefined,
        dcsAge: 3,
        silence: undefined,
        disks: [diskWith(43)],
      });
      this.watchdog.set(name, {
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

  /** The state of a host, to be spoilt. */
  of<K extends Kind>(kind: K, name: string): States[K] {
    const states: ReadonlyMap<string, States[K]> = this.#states()[kind];
    const found = states.get(name);
    if (!found) throw new Error(`no ${kind} of ${name}`);
    return found;
  }

  #states(): { readonly [K in Kind]: ReadonlyMap<string, States[K]> } {
    return { etcd: this.etcd, patroni: this.patroni, haproxy: this.haproxy, watchdog: this.watchdog };
  }

  get snapshot(): Snapshot {
    return new Snapshot(new Map(Object.entries(this.#states())));
  }

  /** The rows that do not pass, in one line each. */
  faults(own: Topology = topology): string[] {
    return this.rows(own)
      .filter(({ verdict }) => verdict !== 'pass')
      .map(({ verdict, probe, where, found }) => `${verdict} ${probe} (${where}): ${found}`);
  }

  /** Those of the probes that ask nobody. */
  rows(own: Topology = topology): ProbeRow[] {
    const { snapshot } = this;
    return [
      ...probeEtcd(seenOf(etcd, own, snapshot)),
      ...probePatroni(seenOf(patroni, own, snapshot)),
      ...probeServers(seenOf(haproxy, own, snapshot)),
      ...probeWatchdog(seenOf(watchdog, own, snapshot)),
    ];
  }
}

interface States {
  readonly etcd: Mutable<EtcdState>;
  readonly patroni: Mutable<PatroniState>;
  readonly haproxy: Mutable<HaproxyState>;
  readonly watchdog: Mutable<WatchdogState>;
}
type Kind = keyof States;

const open = 'warn etcd access (demo): open: who reaches the client port owns the cluster';

/** Faults after this was done to a healthy cluster, beside the warning that is always there. */
export function faultsAfter(spoil: (cluster: SeenCluster) => void, own: Topology = topology): string[] {
  const cluster = new SeenCluster();
  spoil(cluster);
  const faults = cluster.faults(own);
  expect(faults).toContain(open);
  return faults.filter((fault) => fault !== open);
}
