import { describe, expect, it } from 'vitest';
import { missingFollower, missingRole, missingSettlement } from '../../../src/cluster/checks.ts';
import { Snapshot } from '../../../src/cluster/snapshot.ts';
import type { PatroniState } from '../../../src/components/patroni/state.ts';
import { viewOf } from '../../../src/cluster/view.ts';
import { topology, view, viewWith } from './support.ts';

const silent: PatroniState = {
  member: undefined,
  leader: undefined,
  primary: undefined,
  replica: undefined,
  cluster: undefined,
  config: undefined,
  history: undefined,
  dcsHistory: undefined,
  dcsAge: undefined,
  silence: 'refused',
  disks: [],
};

const replica = {
  state: 'running',
  role: 'replica',
  timeline: 3,
  xlog: { received_location: 900, replayed_location: 800 },
  patroni: { version: '3.0.2', scope: 'c' },
};

const leader = {
  state: 'running',
  role: 'master',
  timeline: 3,
  xlog: { location: 1000 },
  replication: [{ application_name: 'node2', state: 'streaming', sync_state: 'async' }],
  patroni: { version: '3.0.2', scope: 'c' },
};

const cluster = {
  members: [
    { name: 'node1', role: 'leader', state: 'running' },
    { name: 'node2', role: 'sync_standby', state: 'running', lag: 'unknown' },
    { name: 'node3', role: 'replica', state: 'running', lag: 5, tags: { nofailover: true } },
  ],
};

function snapshotOf(patroni: Readonly<Record<string, PatroniState>>): Snapshot {
  const status = { memberId: '7', leaderId: '7', term: '1', version: '3.4', isLearner: false, size: 0 };
  const states: [string, ReadonlyMap<string, unknown>][] = [
    ['patroni', new Map(Object.entries(patroni))],
    [
      'etcd',
      new Map([
        ['node1', { status, view: undefined, alarms: [] }],
        ['node2', { status: { ...status, memberId: '8', leaderId: '0' }, view: undefined, alarms: [] }],
      ]),
    ],
    [
      'haproxy',
      new Map([
        [
          'lb',
          {
            problem: undefined,
            servers: [
              { proxy: 'primary', server: 'node1', status: 'UP', check: 'L7OK', sessions: 0 },
              { proxy: 'primary', server: 'node2', status: 'DOWN', check: 'L7STS', sessions: 0 },
            ],
          },
        ],
      ]),
    ],
  ];
  return new Snapshot(new Map(states));
}

describe('a view of a cluster', () => {
  const seen = viewOf(
    topology,
    snapshotOf({
      node1: { ...silent, member: leader, leader: 200, cluster, config: { synchronous_mode: 'on', ttl: 40 } },
      node2: { ...silent, member: replica },
      node3: silent,
    }),
  );

  it('puts the leader’s word before the list’s', () => {
    expect(seen).toMatchObject({
      leader: 'node1',
      leaders: ['node1'],
      synchronous: true,
      etcdLeader: 'node1',
    });
    expect(seen.timing.ttl).toBe(40);
    expect(seen.writesTo).toEqual(new Map([['lb', ['node1']]]));
  });

  it('takes lag and streaming from what both sides say now', () => {
    expect(seen.members[1]).toMatchObject({
      lag: 100,
      position: 800,
      streaming: true,
      synchronous: true,
      answers: true,
    });
    expect(seen.members[2]).toMatchObject({ lag: 5, streaming: false, answers: false, nofailover: true });
  });

  it('tells an etcd member that is cut off from one that is gone', () => {
    expect(seen.etcd.map(({ answers, follows }) => [answers, follows])).toEqual([
      [true, true],
      [true, false],
      [false, false],
    ]);
  });

  it('knows the leader by the others where its host is silent', () => {
    const others = viewOf(
      topology,
      snapshotOf({ node1: silent, node2: { ...silent, member: replica, cluster }, node3: silent }),
    );
    expect(others).toMatchObject({ leader: 'node1', leaders: [] });
  });
});

describe('what is missing', () => {
  const before = { leader: 'node2', members: ['node1', 'node2', 'node3'], etcd: ['node1', 'node2', 'node3'] };
  const after = viewWith(
    { node1: { streaming: true }, node2: { streaming: false } },
    { leader: 'node2', leaders: ['node2'], writesTo: new Map([['lb', ['node2']]]) },
  );

  it('nothing once all follow and HAProxy knows', () => {
    expect(missingSettlement(after, topology, before)).toBeUndefined();
  });

  it.each([
    { cluster: view(), says: 'node1 leads' },
    { cluster: viewWith({}, { leader: undefined }), says: 'there is no leader' },
    {
      cluster: {
        ...after,
        members: after.members.map((one) => (one.name === 'node1' ? { ...one, streaming: false } : one)),
      },
      says: 'node1 does not stream yet',
    },
    { cluster: { ...after, synchronous: true }, says: 'there is no synchronous standby yet' },
    {
      cluster: { ...after, writesTo: new Map([['lb', ['node1', 'node2']]]) },
      says: 'HAProxy on lb sends writes to node1, node2',
    },
    { cluster: { ...after, etcdLeader: undefined }, says: 'etcd has no leader' },
  ])('$says', ({ cluster: now, says }) => {
    expect(missingSettlement(now, topology, before)).toBe(says);
  });

  it('a member on another timeline does not follow', () => {
    expect(missingFollower(viewWith({ node2: { timeline: 2 } }), 'node2')).toBe('node2 is on timeline 2');
    expect(missingRole(viewWith({ node1: { running: false } }), 'node1')).toBe(
      'node1 does not run PostgreSQL yet',
    );
  });
});
