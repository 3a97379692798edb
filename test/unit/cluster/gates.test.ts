import { describe, expect, test } from 'vitest';
import { showStatScript } from '../../../src/clients/haproxy.ts';
import type { HttpAnswer, HttpRequest } from '../../../src/clients/http.ts';
import type { SqlAnswer } from '../../../src/clients/sql.ts';
import { etcdGate } from '../../../src/components/etcd/gate.ts';
import type { GateView } from '../../../src/components/gate.ts';
import { haproxyGate } from '../../../src/components/haproxy/gate.ts';
import { patroniGate } from '../../../src/components/patroni/gate.ts';
import { guideOf } from '../../../src/cluster/guide.ts';
import type { Topology } from '../../../src/components/topology.ts';
import type { Rolling } from '../../../src/config/playbook/model.ts';
import { UnreachableError } from '../../../src/core/errors.ts';
import type { Fleet } from '../../../src/engine/hosts/fleet.ts';

const names = ['n1', 'n2', 'n3'];
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
class Cluster implements GateView {
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
  /** Who streams, in the leader's words; undefined where it does not answer. */
  streams: string[] | 'all who follow' | undefined = 'all who follow';
  /** Primaries by entry; null for an HAProxy that does not answer. */
  primaries: Record<string, number | null> = { p1: 1, p2: 1 };
  away = new Set<string>();
  lost = new Set<string>();
  settings: SqlAnswer = { answered: true, rows: [] };
  /** Where a member's are others. */
  settingsOn: Record<string, SqlAnswer> = {};
  topology = {
    etcd: nodes,
    postgres: nodes,
    haproxy: proxies,
    ports: { etcd: 2379, rest: 8008, postgres: 5432 },
    superuser: { user: 'postgres', password: 'x' },
    parameters: { max_connections: 100 },
    dcs: {},
  } as unknown as Topology;

  readonly fleet = {
    unreachable: new Map(),
    has: (host: string) => !this.away.has(host),
    get: (host: string) => ({ name: host, run: (script: string) => this.#runOn(host, script) }),
    http: (host: { name: string }, request: HttpRequest) =>
      this.lost.has(host.name)
        ? Promise.reject(new UnreachableError(`${host.name} is lost`))
        : Promise.resolve(this.#answer(host.name, request)),
    sql: (host: { name: string }) => Promise.resolve(this.settingsOn[host.name] ?? this.settings),
  } as unknown as Fleet;

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

  #runOn(host: string, script: string): Promise<{ status: number; stdout: string }> {
    if (script !== showStatScript) return Promise.reject(new Error(`not expected: ${script}`));
    if (this.lost.has(host)) return Promise.reject(new UnreachableError(`${host} is lost`));
    const primaries = this.primaries[host] ?? null;
    if (primaries === null) return Promise.resolve({ status: 1, stdout: '' });
    const servers = names.map(
      (name, index) => `primary,${name},0,${index < primaries ? 'UP' : 'DOWN'},L7OK,`,
    );
    const stdout = ['# pxname,svname,scur,status,check_status,', ...servers, 'standbys,n1,0,UP,L7OK,'];
    return Promise.resolve({ status: 0, stdout: stdout.join('\n') });
  }
}

type Case = [string, (cluster: Cluster) => void, string | undefined, string | undefined];

/** Each case: what is spoilt, why n2 (p2) may not be interrupted, and what it lacks. */
function judges(gate: typeof etcdGate, host: string, cases: readonly Case[]): void {
  test.each(cases)('%s', async (_, spoil, refusal, missing) => {
    const cluster = new Cluster();
    spoil(cluster);
    expect(await gate.refusal(cluster, host, false)).toBe(refusal);
    expect(await gate.missing(cluster, host)).toBe(missing);
  });
}

describe('etcd', () => {
  judges(etcdGate, 'n2', [
    ['all are healthy', () => undefined, undefined, undefined],
    [
      'another is not healthy',
      ({ etcd }) => (etcd['n3'] = false),
      'the etcd member n3 is not healthy',
      undefined,
    ],
    ['another is silent', ({ etcd }) => (etcd['n1'] = null), 'the etcd member n1 is not healthy', undefined],
    [
      'both others are away',
      ({ away, lost }) => [away.add('n1'), lost.add('n3')],
      'the etcd member n1, n3 is not healthy',
      undefined,
    ],
    ['it is sick itself', ({ etcd }) => (etcd['n2'] = false), undefined, 'etcd on n2 is not healthy'],
    [
      'the other has not joined yet',
      (cluster) => Object.assign(cluster, { etcd: { n1: true, n2: true, n3: null }, listed: ['n1', 'n2'] }),
      undefined,
      undefined,
    ],
    [
      'there is no cluster yet',
      (cluster) => (cluster.etcd = { n1: null, n2: null, n3: null }),
      undefined,
      'etcd on n2 is not healthy',
    ],
  ]);

  test('a host without etcd lacks nothing', async () => {
    expect(await etcdGate.missing(new Cluster(), 'p1')).toBeUndefined();
  });
});

describe('Patroni', () => {
  judges(patroniGate, 'n2', [
    ['all are fit', () => undefined, undefined, undefined],
    ['it is paused', (cluster) => (cluster.paused = true), 'the cluster is paused', undefined],
    [
      'nobody leads',
      ({ patroni }) => (patroni['n1'] = { role: 'replica', state: 'streaming', lag: 0 }),
      'the cluster has no leader',
      'the cluster has no leader',
    ],
    [
      'another is stopped',
      ({ patroni }) => (patroni['n3'] = { role: 'replica', state: 'stopped' }),
      'n3 is stopped, lag unknown',
      undefined,
    ],
    [
      'another lags behind',
      ({ patroni }) => (patroni['n3'] = { role: 'replica', state: 'streaming', lag: 1_048_577 }),
      'n3 is streaming, lag 1048577 bytes',
      undefined,
    ],
    [
      'another lags behind, and the list does not know it yet',
      (cluster) => (cluster.wal = { n1: 9_000_000, n2: 9_000_000, n3: 1_000_000 }),
      'n3 is streaming, lag 8000000 bytes',
      undefined,
    ],
    [
      'another has no Patroni any more, and the list does not know it yet',
      (cluster) => cluster.silent.add('n3'),
      'Patroni on n3 does not answer',
      undefined,
    ],
    ['another cannot be asked', (cluster) => cluster.away.add('n3'), undefined, undefined],
    [
      'it lags behind, and the list does not know it yet',
      (cluster) => (cluster.wal = { n1: 9_000_000, n2: 1_000_000, n3: 9_000_001 }),
      'n2 is streaming, lag 8000000 bytes',
      'it is streaming, lag 8000000 bytes',
    ],
    [
      'another has caught up, and the list does not know it yet',
      (cluster) => {
        cluster.patroni['n3'] = { role: 'replica', state: 'streaming', lag: 1_048_577 };
        cluster.wal = { n1: 9_000_000, n3: 9_000_000 };
      },
      undefined,
      undefined,
    ],
    [
      'another’s lag is not known',
      ({ patroni }) => (patroni['n3'] = { role: 'replica', state: 'running', lag: 'unknown' }),
      'n3 is running, lag unknown',
      undefined,
    ],
    [
      'another does not stream, and the list does not know it yet',
      (cluster) => (cluster.streams = ['n2']),
      'n3 does not stream from n1',
      undefined,
    ],
    [
      'a switchover is scheduled',
      (cluster) => (cluster.scheduled = { at: 'then' }),
      'a switchover is scheduled for then',
      undefined,
    ],
    [
      'another is on another timeline',
      ({ patroni }) => {
        patroni['n1'] = { role: 'leader', state: 'running', timeline: 2 };
        patroni['n3'] = { role: 'replica', state: 'streaming', lag: 0, timeline: 1 };
      },
      'n3 is on timeline 1, and n1 on 2',
      undefined,
    ],
    [
      'it starts',
      ({ patroni }) => (patroni['n2'] = { role: 'replica', state: 'starting', lag: 'unknown' }),
      undefined,
      'it is starting, lag unknown',
    ],
    [
      'it is not in the cluster',
      ({ patroni }) => Reflect.deleteProperty(patroni, 'n2'),
      undefined,
      'Patroni does not show it in the cluster',
    ],
    [
      'it does not stream',
      (cluster) => (cluster.streams = ['n3', '!n2']),
      undefined,
      'it does not stream from n1',
    ],
    [
      'the leader’s Patroni does not answer',
      (cluster) => (cluster.streams = undefined),
      'Patroni on n1 does not answer',
      undefined,
    ],
    [
      'it leads',
      (cluster) => {
        cluster.patroni['n1'] = { role: 'replica', state: 'streaming', lag: 0 };
        cluster.patroni['n2'] = { role: 'leader', state: 'running' };
      },
      undefined,
      undefined,
    ],
    [
      'the first to ask is away, the next lost',
      ({ away, lost }) => [away.add('n1'), lost.add('n2')],
      undefined,
      undefined,
    ],
    [
      'the synchronous mode is on, and somebody stands by',
      (cluster) => {
        cluster.config = { synchronous_mode: true };
        cluster.patroni['n3'] = { role: 'sync_standby', state: 'streaming', lag: 0 };
      },
      undefined,
      undefined,
    ],
    [
      'the synchronous mode is on, and nobody stands by',
      (cluster) => (cluster.config = { synchronous_mode: 'quorum' }),
      'there is no synchronous standby',
      'there is no synchronous standby yet',
    ],
    [
      'nobody may stand by',
      (cluster) => {
        cluster.config = { synchronous_mode: true };
        for (const name of ['n2', 'n3'])
          cluster.patroni[name] = { role: 'replica', state: 'streaming', lag: 0, tags: { nosync: true } };
      },
      'there is no synchronous standby',
      undefined,
    ],
    [
      'strict mode, and it is the only one that may stand by',
      (cluster) => {
        cluster.config = { synchronous_mode: true, synchronous_mode_strict: true };
        cluster.patroni['n2'] = { role: 'sync_standby', state: 'streaming', lag: 0 };
        cluster.patroni['n3'] = { role: 'replica', state: 'streaming', lag: 0, tags: { nosync: true } };
      },
      'no synchronous standby would be left, and writes would wait for one',
      undefined,
    ],
    [
      'strict mode, it leads, and two are left',
      (cluster) => {
        cluster.config = { synchronous_mode: true, synchronous_mode_strict: true };
        cluster.patroni['n1'] = { role: 'sync_standby', state: 'streaming', lag: 0 };
        cluster.patroni['n2'] = { role: 'leader', state: 'running' };
      },
      undefined,
      undefined,
    ],
    [
      'strict mode, it leads, and one is left',
      (cluster) => {
        cluster.config = { synchronous_mode: true, synchronous_mode_strict: true };
        cluster.patroni['n1'] = { role: 'sync_standby', state: 'streaming', lag: 0 };
        cluster.patroni['n2'] = { role: 'leader', state: 'running' };
        Reflect.deleteProperty(cluster.patroni, 'n3');
      },
      'no synchronous standby would be left, and writes would wait for one',
      undefined,
    ],
    [
      'there is no cluster yet',
      ({ silent }) => names.forEach((name) => silent.add(name)),
      undefined,
      'Patroni does not show it in the cluster',
    ],
  ]);

  test('a host without PostgreSQL lacks nothing', async () => {
    expect(await patroniGate.missing(new Cluster(), 'p1')).toBeUndefined();
  });
});

describe('HAProxy', () => {
  judges(haproxyGate, 'p2', [
    ['both know a primary', () => undefined, undefined, undefined],
    [
      'the other knows none',
      ({ primaries }) => (primaries['p1'] = 0),
      'no other entry is well (HAProxy on p1 sees 0 primaries)',
      undefined,
    ],
    [
      'the other does not answer',
      ({ primaries }) => (primaries['p1'] = null),
      'no other entry is well (HAProxy on p1 does not answer)',
      undefined,
    ],
    [
      'the other’s host is lost',
      ({ lost }) => lost.add('p1'),
      'no other entry is well (HAProxy on p1 does not answer)',
      undefined,
    ],
    [
      'it sends writes to two',
      ({ primaries }) => (primaries['p2'] = 2),
      undefined,
      'HAProxy on p2 sees 2 primaries',
    ],
    ['its host is away', ({ away }) => away.add('p2'), undefined, 'HAProxy on p2 does not answer'],
    [
      'there is no other',
      (cluster) => {
        cluster.topology = { ...cluster.topology, haproxy: proxies.slice(1) };
        cluster.primaries['p2'] = 0;
      },
      undefined,
      'HAProxy on p2 sees 0 primaries',
    ],
    [
      'there is nothing behind it',
      (cluster) => {
        cluster.topology = { ...cluster.topology, postgres: [] };
        cluster.primaries = {};
      },
      undefined,
      undefined,
    ],
  ]);

  test('a host without HAProxy lacks nothing', async () => {
    expect(await haproxyGate.missing(new Cluster(), 'n1')).toBeUndefined();
  });
});

describe('the guide', () => {
  const rolling: Rolling = { order: 'leader-last', gate: 'patroni', pause: 0 };
  const setting = (value: string) => ({
    name: 'max_connections',
    own: 'max_connections',
    setting: value,
    unit: null,
    vartype: 'integer',
    context: 'postmaster',
    min_val: '1',
    max_val: '262143',
    enumvals: null,
    fallback: null,
    written: true,
    known: [],
  });
  const running = (value: string): SqlAnswer => ({ answered: true, rows: [setting(value)] });
  const none: SqlAnswer = { answered: false, reason: 'starting up' };

  test.each<[string, (cluster: Cluster) => void, string[]]>([
    ['the leader last', () => undefined, ['n2', 'n3', 'n1']],
    ['also where a value goes up', (cluster) => (cluster.settings = running('50')), ['n2', 'n3', 'n1']],
    ['but first where one goes down', (cluster) => (cluster.settings = running('200')), ['n1', 'n2', 'n3']],
    [
      'last where its own goes up, though another’s goes down',
      (cluster) => {
        cluster.settings = running('200');
        cluster.settingsOn = { n1: running('50') };
      },
      ['n2', 'n3', 'n1'],
    ],
    ['last where nobody says', (cluster) => (cluster.settings = none), ['n2', 'n3', 'n1']],
    [
      'first where one goes down, by the word of who answers',
      (cluster) => {
        cluster.settings = running('200');
        cluster.settingsOn = { n1: none };
      },
      ['n1', 'n2', 'n3'],
    ],
    ['as they are where nobody leads', ({ patroni }) => Reflect.deleteProperty(patroni, 'n1'), names],
    ['as they are while there is no cluster', ({ silent }) => names.forEach((n) => silent.add(n)), names],
  ])('takes hosts with %s', async (_, spoil, order) => {
    const cluster = new Cluster();
    spoil(cluster);
    expect(await guideOf(cluster.fleet, cluster.topology).order(rolling, names)).toEqual(order);
  });

  test.each<[string, (cluster: Cluster) => void, string[]]>([
    [
      'etcd’s leader last, whoever leads the database',
      (cluster) => (cluster.etcdLeader = 2),
      ['n1', 'n3', 'n2'],
    ],
    [
      'it last by the word of who answers',
      (cluster) => (cluster.etcd = { n1: null, n2: true, n3: true }),
      ['n2', 'n3', 'n1'],
    ],
    ['them as they are where nobody leads', (cluster) => (cluster.etcdLeader = 0), ['n1', 'n2', 'n3']],
    [
      'it last also while a parameter of the database goes down',
      (cluster) => (cluster.settings = running('200')),
      ['n2', 'n3', 'n1'],
    ],
  ])('takes members of etcd with %s', async (_, spoil, order) => {
    const cluster = new Cluster();
    spoil(cluster);
    const guide = guideOf(cluster.fleet, cluster.topology);
    expect(await guide.order({ ...rolling, gate: 'etcd' }, names)).toEqual(order);
  });

  test('takes those that are to join last: the leader must have let them in before', async () => {
    const cluster = new Cluster();
    const guide = guideOf(cluster.fleet, cluster.topology);
    expect(await guide.order(rolling, ['n4', ...names])).toEqual(['n2', 'n3', 'n1', 'n4']);
  });

  test('takes them as they are where the inventory’s order is asked for, or the leader is not among them', async () => {
    const { fleet, topology } = new Cluster();
    const guide = guideOf(fleet, topology);
    expect(await guide.order({ ...rolling, order: 'inventory' }, names)).toEqual(names);
    expect(await guide.order(rolling, ['n3', 'n2'])).toEqual(['n3', 'n2']);
  });

  test('ahead of changes it goes by the members, and not by settings that may be among them', async () => {
    const cluster = new Cluster();
    cluster.config = { synchronous_mode: true };
    const guide = guideOf(cluster.fleet, cluster.topology);
    const ask = (ahead: boolean) => guide.refusal({ ...rolling, gate: 'patroni' }, 'n2', ahead);
    expect([await ask(false), await ask(true)]).toEqual(['there is no synchronous standby', undefined]);
    cluster.patroni['n1'] = { role: 'leader', state: 'stopped' };
    expect(await ask(true)).toBe('n1 is stopped, lag unknown');
  });

  test('asks the gate that the play names', async () => {
    const cluster = new Cluster();
    cluster.etcd['n3'] = false;
    cluster.patroni['n1'] = { role: 'leader', state: 'stopped' };
    const guide = guideOf(cluster.fleet, cluster.topology);
    const refusals = (['etcd', 'patroni', 'haproxy'] as const).map((gate) =>
      guide.refusal({ ...rolling, gate }, 'n2', false),
    );
    expect(await Promise.all(refusals)).toEqual([
      'the etcd member n3 is not healthy',
      'n1 is stopped, lag unknown',
      undefined,
    ]);
    expect(await guide.missing({ ...rolling, gate: 'etcd' }, 'n3')).toBe('etcd on n3 is not healthy');
  });
});
