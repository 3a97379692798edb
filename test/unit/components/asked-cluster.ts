import { expect, test } from 'vitest';
import { showStatScript } from '../../../src/clients/haproxy.ts';
import type { HttpAnswer, HttpRequest } from '../../../src/clients/http.ts';
import type { SqlAnswer } from '../../../src/clients/sql.ts';
import { Ask } from '../../../src/components/ask.ts';
import type { Component } from '../../../src/components/component.ts';
import type { Look } from '../../../src/components/look.ts';
import { UnreachableError } from '../../../src/core/errors.ts';
import type { PieceResult } from '../../../src/transport/session.ts';
import { FakeFleet } from '../fake-fleet.ts';
import { etcdSettings, haproxySettings, patroniSettings, topologyWith } from './support.ts';

export const names = ['n1', 'n2', 'n3'];
const nodes = names.map((name, index) => ({ name, address: `10.0.0.${index + 1}` }));
const proxies = ['p1', 'p2'].map((name, index) => ({ name, address: `10.0.1.${index + 1}` }));

const ok = (json: unknown): HttpAnswer & { answered: true } => ({
  answered: true,
  status: 200,
  body: JSON.stringify(json),
});
const silence: HttpAnswer = { answered: false, reason: 'connection refused' };

interface Member {
  readonly role: string;
  readonly state: string;
  readonly lag?: number | string;
  readonly timeline?: number;
  readonly tags?: Readonly<Record<string, boolean>>;
}

/** Three members with etcd, led by n1, and two entries; all well until a test spoils it. */
export class AskedCluster {
  /** Members of etcd, by name, and whether they are healthy; what is null does not answer. */
  etcd: Record<string, boolean | null> = { n1: true, n2: true, n3: true };
  /** Who leads etcd, by its place in the list from 1; 0 for nobody. */
  etcdLeader = 1;
  /** Who is in etcd's member list. */
  listed: string[] = [...names, ''];
  patroni: Record<string, Member> = {
    n1: { role: 'leader', state: 'running' },
    n2: { role: 'replica', state: 'streaming', lag: 0 },
    n3: { role: 'replica', state: 'streaming', lag: 0 },
  };
  /** Hosts whose Patroni does not answer. */
  silent = new Set<string>();
  paused = false;
  scheduled: { at: string } | undefined;
  /** What the DCS holds. */
  config: Record<string, unknown> = {};
  /** Where members are in the WAL, in their own words; of the leader what it has written. */
  wal: Record<string, number> = {};
  /** What PostgreSQL keeps of a host's timelines. */
  histories: Record<string, string> = {};
  /** Who streams, in the leader's words; undefined where it does not answer. */
  streams: string[] | 'all who follow' | undefined = 'all who follow';
  /** Primaries by entry; null for an HAProxy that does not answer. */
  primaries: Record<string, number | null> = { p1: 1, p2: 1 };
  away = new Set<string>();
  lost = new Set<string>();
  settings: SqlAnswer = { answered: true, rows: [] };
  /** Where a member's are others. */
  settingsOn: Record<string, SqlAnswer> = {};
  topology = topologyWith('c', {
    etcd: { hosts: nodes, settings: etcdSettings(2 ** 31) },
    patroni: {
      hosts: nodes,
      settings: patroniSettings({ dcs: { loop_wait: 0.1 }, parameters: { max_connections: 100 } }),
    },
    haproxy: { hosts: proxies, settings: haproxySettings },
    watchdog: { hosts: nodes, settings: { mode: 'off', margin: 5, timeout: 25 } },
  });

  readonly fleet = new FakeFleet({
    has: (host) => !this.away.has(host),
    run: (host, script) => this.#runOn(host, script),
    http: (host, request) => {
      if (this.lost.has(host)) throw new UnreachableError(`${host} is lost`);
      return this.#answer(host, request);
    },
    sql: (host) => this.settingsOn[host] ?? this.settings,
  });

  #answer(host: string, { path, port }: HttpRequest): HttpAnswer {
    if (port === 2379) {
      const healthy = this.etcd[host];
      if (typeof healthy !== 'boolean') return silence;
      if (path.startsWith('/health'))
        return { ...ok({ health: String(healthy) }), status: healthy ? 200 : 503 };
      if (path.endsWith('/status'))
        return ok({ header: { member_id: '1' }, version: '3.4.23', leader: String(this.etcdLeader) });
      const members = this.listed.map((name, index) => ({ ID: String(index + 1), name }));
      return ok({ header: { cluster_id: '7' }, members });
    }
    if (this.silent.has(host)) return silence;
    if (path === '/cluster') {
      const members = Object.entries(this.patroni).map(([name, member]) => ({ name, ...member }));
      return ok({
        members,
        ...(this.paused ? { pause: true } : {}),
        ...(this.scheduled ? { scheduled_switchover: this.scheduled } : {}),
      });
    }
    if (path === '/config') return ok(this.config);
    if (this.patroni[host]?.role !== 'leader') {
      const xlog = { received_location: this.wal[host] ?? null, replayed_location: null };
      return ok({ state: 'running', role: 'replica', patroni: { version: '4', scope: 'x' }, xlog });
    }
    if (!this.streams) return silence;
    const streams = this.streams === 'all who follow' ? names.filter((name) => name !== host) : this.streams;
    const replication = streams.map((name) => ({
      application_name: name.replace('!', ''),
      state: name.startsWith('!') ? 'catchup' : 'streaming',
      sync_state: 'async',
    }));
    const xlog = { location: this.wal[host] };
    return ok({
      state: 'running',
      role: 'primary',
      patroni: { version: '4', scope: 'x' },
      replication,
      xlog,
    });
  }

  #runOn(host: string, script: string): Partial<PieceResult> {
    if (script.includes('pg_wal')) return { stdout: this.histories[host] ?? '' };
    if (script !== showStatScript) throw new Error(`not expected: ${script}`);
    if (this.lost.has(host)) throw new UnreachableError(`${host} is lost`);
    const primaries = this.primaries[host] ?? null;
    if (primaries === null) return { status: 1, stdout: '', stderr: '' };
    const servers = names.map(
      (name, index) => `primary,${name},0,${index < primaries ? 'UP' : 'DOWN'},L7OK,`,
    );
    const stdout = ['# pxname,svname,scur,status,check_status,', ...servers, 'standbys,n1,0,UP,L7OK,'];
    return { status: 0, stdout: stdout.join('\n'), stderr: '' };
  }

  /** What a gate of it goes by. */
  look<S>(component: Component<S>): Look<S> {
    return { ...this.topology.of(component), ask: new Ask(this.fleet), cluster: this.topology.outline };
  }
}

type Case = [string, (cluster: AskedCluster) => void, string | undefined, string | undefined];

/** Each case: what is spoilt, why n2 (p2) may not be interrupted, and what it lacks. */
export function judges<S, T>(component: Component<S, T>, host: string, cases: readonly Case[]): void {
  test.each(cases)('%s', async (_, spoil, refusal, missing) => {
    const cluster = new AskedCluster();
    spoil(cluster);
    const look = cluster.look(component);
    expect(await component.gate?.refusal(look, host, false)).toBe(refusal);
    expect(await component.gate?.missing(look, host)).toBe(missing);
  });
}
