import { describe, expect, test, vi } from 'vitest';
import { patroni } from '../../../../src/components/patroni/index.ts';
import { AskedCluster, judges, names } from '../asked-cluster.ts';

describe('the gate', () => {
  judges(patroni, 'n2', [
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
      'another replays from the archive',
      (cluster) => {
        cluster.patroni['n3'] = { role: 'replica', state: 'in archive recovery', lag: 0 };
        cluster.streams = ['n2'];
      },
      'n3 does not stream from n1',
      undefined,
    ],
    [
      'another does not stream, by the leader’s word, and the list does not show it',
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
      'another’s data is not the leader’s',
      ({ histories }) => {
        histories['n1'] = '00000002.history 1 0/B0\n';
        histories['n3'] = '00000002.history 1 0/A0\n';
      },
      'n3 does not share the cluster’s history: timeline 2 from 0/A0, the cluster timeline 2 from 0/B0',
      undefined,
    ],
    [
      'its own data is not the leader’s',
      ({ histories }) => {
        histories['n1'] = '00000002.history 1 0/B0\n';
        histories['n2'] = '00000002.history 1 0/A0\n';
      },
      'n2 does not share the cluster’s history: timeline 2 from 0/A0, the cluster timeline 2 from 0/B0',
      'it does not share the cluster’s history: timeline 2 from 0/A0, the cluster timeline 2 from 0/B0',
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
    expect(await patroni.gate?.missing(new AskedCluster().look(patroni), 'p1')).toBeUndefined();
  });
});

test('the gate gives a replica time to connect to a leader that has just restarted', async () => {
  const cluster = new AskedCluster();
  cluster.streams = ['n2'];
  const look = cluster.look(patroni);
  const http = look.ask.http.bind(look.ask);
  let looks = 0;
  vi.spyOn(look.ask, 'http').mockImplementation((host, request, within) => {
    if (request.path === '/cluster' && ++looks === 2) cluster.streams = 'all who follow';
    return http(host, request, within);
  });
  expect(await patroni.gate?.refusal(look, 'n2', false)).toBeUndefined();
  expect(looks).toBe(2);
});
