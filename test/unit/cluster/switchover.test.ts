import { describe, expect, it } from 'vitest';
import {
  planCancel,
  planFailover,
  planSchedule,
  planSwitchover,
} from '../../../src/cluster/operations/switchover.ts';
import { InvalidInputError } from '../../../src/core/errors.ts';
import { etcdMember, member, refused, stepsOf, topology, view, viewWith } from './support.ts';

const MiB = 1024 ** 2;

/** Two members that take writes. */
const claims = [
  { name: 'node1', locked: true, timeline: 2 },
  { name: 'node3', locked: false, timeline: 3 },
];

/** Data whose second timeline began there. */
const pastFrom = (at: number) => ({
  system: '7',
  timeline: 2,
  position: 100,
  history: [{ timeline: 2, parent: 1, at }],
});

describe('who takes over', () => {
  it.each([
    { what: 'not the host of etcd’s leader, other things being equal', cluster: view(), to: 'node3' },
    { what: 'the first by name', cluster: view({ etcdLeader: 'node1' }), to: 'node2' },
    {
      what: 'whoever is less behind',
      cluster: viewWith(
        { node2: { lag: 0 }, node3: { lag: 3 * MiB } },
        { timing: { ...view().timing, maximumLag: 9 * MiB } },
      ),
      to: 'node2',
    },
    {
      what: 'not whoever is a few writes less behind',
      cluster: viewWith({ node2: { lag: 0 }, node3: { lag: 800 } }),
      to: 'node3',
    },
    { what: 'not who is tagged nofailover', cluster: viewWith({ node3: { nofailover: true } }), to: 'node2' },
    { what: 'not who does not stream', cluster: viewWith({ node3: { streaming: false } }), to: 'node2' },
    {
      what: 'a synchronous standby where there are some',
      cluster: viewWith({ node2: { synchronous: true } }, { synchronous: true }),
      to: 'node2',
    },
  ])('$what: $to', ({ cluster, to }) => {
    const plan = planSwitchover(cluster, topology);
    expect(refused(plan)).toEqual([]);
    expect(plan.to).toBe(to);
  });

  it('shows what it does, and the outage that HAProxy’s checks make of it', () => {
    const plan = planSwitchover(view(), topology, 'node2');
    expect(stepsOf(plan)).toEqual(['node2 takes the lead over from node1', 'node1, node3 follow it']);
    expect(plan.outage).toEqual({ usual: 1.75, most: 6.5 });
  });

  it('does nothing when that member leads already', () => {
    expect(planSwitchover(view(), topology, 'node1')).toMatchObject({ steps: [], refusals: [] });
  });

  it('takes an unknown member for a mistake', () => {
    expect(() => planSwitchover(view(), topology, 'nod3')).toThrow(InvalidInputError);
    expect(() => planSwitchover(view(), topology, 'nod3')).toThrow(
      /no database member is called "nod3"[^]*did you mean "node3"\?/,
    );
  });
});

describe('what a switchover refuses', () => {
  it.each([
    { what: 'no leader', cluster: view({ leader: undefined, leaders: [] }), says: 'c has no leader' },
    {
      what: 'two leaders',
      cluster: view({
        leaders: ['node1', 'node2'],
        claims: claims.map((claim) => ({ ...claim, locked: true })),
      }),
      says: 'node1 (timeline 2, with the leader’s lock) and node3 (timeline 3, with the leader’s lock) both take writes',
    },
    {
      what: 'a silent leader',
      cluster: viewWith({ node1: { answers: false } }, { leaders: [] }),
      says: 'the leader, node1, does not answer',
    },
    { what: 'a pause', cluster: view({ paused: true }), says: 'c is paused' },
    {
      what: 'a leader on a full disk',
      cluster: viewWith({ node1: { fullDisk: '0.0 % of /data free' } }),
      says: 'the disk of PostgreSQL on node1 is full (0.0 % of /data free): it might not be able to stop',
    },
    {
      what: 'an etcd member down',
      cluster: view({
        etcd: [
          etcdMember('node1'),
          etcdMember('node2'),
          etcdMember('node3', { answers: false, follows: false }),
        ],
      }),
      says: 'etcd on node3 does not answer',
    },
    {
      what: 'an alarm',
      cluster: view({ etcd: [etcdMember('node1', { alarms: ['NOSPACE'] })] }),
      says: 'etcd on node1 raises NOSPACE: its quota is full and it takes no writes, so nobody can take the lead: compact, defragment, disarm (docs/operations.md)',
    },
    {
      what: 'another order',
      cluster: view({ scheduled: { at: 'then' } }),
      says: 'a switchover is scheduled for then',
    },
    {
      what: 'a silent candidate',
      cluster: viewWith({ node2: { answers: false } }),
      says: 'node2 does not answer',
    },
    {
      what: 'a stopped candidate',
      cluster: viewWith({ node2: { running: false } }),
      says: 'node2 does not run PostgreSQL',
    },
    {
      what: 'one that does not stream',
      cluster: viewWith({ node2: { streaming: false } }),
      says: 'node2 does not stream from node1',
    },
    {
      what: 'one that lags',
      cluster: viewWith({ node2: { lag: 3 * MiB } }),
      says: 'node2 lags by 3.0 MiB, more than maximum_lag_on_failover (1.0 MiB)',
    },
    {
      what: 'one on another timeline',
      cluster: viewWith({ node2: { timeline: 2 } }),
      says: 'node2 is on timeline 2, and node1 on 1',
      hint: 'choose another with --to, or clone it again with drover reinit node2',
    },
    {
      what: 'one whose data is not the leader’s',
      cluster: viewWith({ node2: { past: pastFrom(8) } }, { past: pastFrom(16) }),
      says: 'node2 does not share the cluster’s history: timeline 2 from 0/8, the leader timeline 2 from 0/10',
      hint: 'drover reinit node2 deletes its data and clones the leader again',
    },
    {
      what: 'one of another cluster',
      cluster: viewWith({ node2: { past: { ...pastFrom(8), system: '8' } } }, { past: pastFrom(8) }),
      says: 'node2 is of another cluster: system identifier 8, not 7',
      hint: 'find out whose data it is before anything is done to node2',
    },
    {
      what: 'one whose lag nobody knows',
      cluster: viewWith({ node2: { lag: undefined } }),
      says: 'node2 does not report its lag',
    },
    {
      what: 'one tagged nofailover',
      cluster: viewWith({ node2: { nofailover: true } }),
      says: 'node2 is tagged nofailover',
    },
    {
      what: 'one that is not in /sync',
      cluster: view({ synchronous: true }),
      says: 'node2 is no synchronous standby: it may lack rows that were acknowledged',
    },
  ])('$what', ({ cluster, says, hint }) => {
    const plan = planSwitchover(cluster, topology, 'node2');
    expect(refused(plan)).toEqual([says]);
    if (hint !== undefined) expect(plan.refusals.map((refusal) => refusal.hint)).toEqual([hint]);
    expect(plan.refusals.every(({ hint }) => hint !== '')).toBe(true);
  });

  it('nobody fit, with every reason', () => {
    const cluster = viewWith({ node2: { nofailover: true }, node3: { streaming: false } });
    expect(refused(planSwitchover(cluster, topology))).toEqual([
      'no healthy candidate: node2 is tagged nofailover, node3 does not stream from node1',
    ]);
    const alone = view({ members: [member('node1')] });
    expect(refused(planSwitchover(alone, topology))).toEqual([
      'no healthy candidate: there is no other member',
    ]);
  });
});

describe('failover', () => {
  const leaderless = viewWith(
    { node2: { streaming: false }, node3: { streaming: false, lag: 10 } },
    { leader: undefined, leaders: [] },
  );

  it('needs no leader', () => {
    const plan = planFailover(leaderless, topology);
    expect(refused(plan)).toEqual([]);
    expect(stepsOf(plan)[0]).toBe('node3 takes the lead');
  });

  it('gives the lead to nobody whose data is not what the DCS knows', () => {
    const kept = { ...pastFrom(16), system: undefined, timeline: undefined };
    const cluster = {
      ...leaderless,
      past: kept,
      members: leaderless.members.map((each) => ({
        ...each,
        past: pastFrom(each.name === 'node2' ? 16 : 8),
      })),
    };
    expect(planFailover(cluster, topology).to).toBe('node2');
    expect(refused(planFailover(cluster, topology, 'node3'))).toEqual([
      'node3 does not share the cluster’s history: timeline 2 from 0/8, the cluster timeline 2 from 0/10',
    ]);
  });

  it('waits until one of two has given way', () => {
    expect(refused(planFailover(view({ claims }), topology, 'node2'))).toEqual([
      'node1 (timeline 2, with the leader’s lock) and node3 (timeline 3, without it) both take writes',
    ]);
  });

  it('goes on in a pause and with an etcd member down, but not without a majority', () => {
    const one = [
      etcdMember('node1'),
      etcdMember('node2'),
      etcdMember('node3', { answers: false, follows: false }),
    ];
    expect(refused(planFailover({ ...leaderless, paused: true, etcd: one }, topology))).toEqual([]);
    const most = one.map((each) => ({ ...each, follows: each.name === 'node1' }));
    expect(refused(planFailover({ ...leaderless, etcd: most }, topology))).toEqual([
      'etcd has no majority: 1 of 3 members know a leader',
    ]);
  });

  it('leaves a leader whose PostgreSQL does not run, though nobody streams from it', () => {
    const stuck = viewWith({
      node1: { running: false },
      node2: { streaming: false, lag: 0 },
      node3: { streaming: false, lag: 0 },
    });
    const plan = planFailover(stuck, topology);
    expect(refused(plan)).toEqual([]);
    expect(stepsOf(plan)[0]).toBe('node3 takes the lead over from node1');
    expect(refused(planFailover(stuck, topology, 'node2'))).toEqual([]);
  });

  it('leaves a leader on a full disk, which it kills if that hangs, and which does not follow', () => {
    const plan = planFailover(viewWith({ node1: { fullDisk: '0.0 % of /data free' } }), topology);
    expect(refused(plan)).toEqual([]);
    expect(plan.mayHang).toBe(true);
    expect(stepsOf(plan)).toEqual([
      'node3 takes the lead over from node1',
      'PostgreSQL on node1 is killed if it has not stopped within 5 s: its disk is full',
      'node2 follows it',
    ]);
    expect(plan.notes).toEqual(['node1 has 0.0 % of /data free: it follows once there is room']);
  });

  it('is refused while etcd takes no writes', () => {
    const [first = '', ...others] = refused(
      planFailover(view({ etcd: view().etcd.map((one) => ({ ...one, alarms: ['NOSPACE'] })) }), topology),
    );
    expect(first).toMatch(/^etcd on node1 raises NOSPACE/);
    expect(others).toEqual([]);
  });

  it('says that it takes the place of a switchover that is scheduled', () => {
    expect(planFailover({ ...leaderless, scheduled: { at: 'then' } }, topology).notes).toEqual([
      'the switchover scheduled for then is dropped: this takes its place',
    ]);
  });

  it('keeps to the lag that is permitted, leader or not', () => {
    const late = { ...leaderless, members: leaderless.members.map((each) => ({ ...each, lag: 2 * MiB })) };
    expect(refused(planFailover(late, topology, 'node2'))).toEqual([
      'node2 lags by 2.0 MiB, more than maximum_lag_on_failover (1.0 MiB)',
    ]);
  });
});

describe('a switchover for later', () => {
  const at = new Date('2030-01-01T10:00:00Z');

  it('is given to Patroni, once', () => {
    expect(stepsOf(planSchedule(view(), at, 'node2'))).toEqual([
      'Patroni is told to switch over to node2 at 2030-01-01T10:00:00.000Z',
    ]);
    expect(refused(planSchedule(view({ scheduled: { at: 'then' } }), at))).toEqual([
      'a switchover is scheduled for then',
    ]);
    expect(refused(planSchedule(view({ paused: true }), at))).toEqual(['c is paused']);
  });

  it('is taken back where there is one', () => {
    expect(planCancel(view()).steps).toEqual([]);
    expect(stepsOf(planCancel(view({ scheduled: { at: 'then' } })))).toEqual([
      'the switchover scheduled for then is taken back',
    ]);
  });
});
