import { describe, expect, it } from 'vitest';
import { planRestart } from '../../../src/cluster/operations/restart.ts';
import { member, refused, settings, stepsOf, topology, view, viewWith } from './support.ts';

const pending = { pendingRestart: true };
const all = { node1: pending, node2: pending, node3: pending };
/** What the leader runs with; the others do not say. */
const led = (values: Readonly<Record<string, number>>) => ({
  settings: new Map([['node1', settings(values)]]),
});
const nobody = { names: [], ...led({}) };
const configOf = (parameters: Record<string, unknown>) => ({ config: { postgresql: { parameters } } });

describe('the order of restarts', () => {
  it('is replicas first, then a switchover', () => {
    const plan = planRestart(viewWith(all), topology, nobody);
    expect(plan).toMatchObject({
      refusals: [],
      replicas: ['node2', 'node3'],
      onlyPending: true,
      leaderFirst: false,
    });
    expect(stepsOf(plan)).toEqual([
      'node2 is restarted',
      'node3 is restarted',
      'node3 takes the lead over from node1, which is restarted by that',
    ]);
    expect(plan.outage).toEqual({ usual: 1.75, most: 6.5 });
  });

  it('is the leader first, where it is, when a shared limit goes down', () => {
    const running = led({ max_connections: 150 });
    const plan = planRestart(viewWith(all, configOf({})), topology, { names: [], ...running });
    expect(stepsOf(plan)).toEqual([
      'node1 is restarted while it leads',
      'node2 is restarted',
      'node3 is restarted',
    ]);
    expect(plan.notes).toEqual(['the leader goes first: max_connections goes down']);
  });

  it('does not turn round for replicas alone', () => {
    const running = led({ max_connections: 150 });
    const plan = planRestart(viewWith({ node2: pending }, configOf({})), topology, { names: [], ...running });
    expect(plan).toMatchObject({ replicas: ['node2'], leader: undefined, leaderFirst: false });
    expect(plan.outage).toBeUndefined();
  });

  it('has replicas replay first where limits go down, also when the leader has its own already', () => {
    const one = (name: string, max_connections: number) => [name, settings({ max_connections })] as const;
    const plan = (leader: number, replica: number) =>
      planRestart(viewWith({ node2: pending }, configOf({})), topology, {
        names: [],
        settings: new Map([one('node1', leader), one('node2', replica)]),
      }).replaysFirst;
    expect([plan(100, 150), plan(100, 50), plan(150, 100)]).toEqual([true, false, false]);
    expect(
      planRestart(viewWith(all, configOf({})), topology, { names: [], ...led({ max_connections: 150 }) }),
    ).toMatchObject({ leaderFirst: true, replaysFirst: true });
  });

  it('goes by the other members where the leader does not show its limits', () => {
    const others = new Map([['node3', settings({ max_connections: 150 })]]);
    const plan = planRestart(viewWith(all, configOf({})), topology, { names: [], settings: others });
    expect(plan.leaderFirst).toBe(true);
  });

  it('restarts a leader without others where it is', () => {
    const plan = planRestart(view({ members: [member('node1', pending)] }), topology, nobody);
    expect(stepsOf(plan)).toEqual(['node1 is restarted while it leads']);
    expect(refused(plan)).toEqual([]);
  });

  it('restarts who is named, waiting or not, and hands over to whom was agreed', () => {
    const plan = planRestart(view(), topology, { ...nobody, names: ['node1'], to: 'node2' });
    expect(plan.onlyPending).toBe(false);
    expect(stepsOf(plan)).toEqual(['node2 takes the lead over from node1, which is restarted by that']);
  });

  it('does nothing when nobody waits', () => {
    expect(planRestart(view(), topology, nobody)).toMatchObject({
      steps: [],
      notes: ['nobody waits for a restart'],
    });
  });
});

describe('what a restart refuses', () => {
  it.each([
    {
      what: 'a change that goes both ways',
      cluster: viewWith(all, configOf({ max_connections: 50, max_wal_senders: 20 })),
      says: 'max_wal_senders would go up and max_connections down: no order of restarts suits both',
    },
    { what: 'a pause', cluster: viewWith(all, { paused: true }), says: 'c is paused' },
    {
      what: 'another member that does not stream',
      cluster: viewWith({ node2: pending, node3: { streaming: false } }),
      says: 'node3 does not stream from node1',
      hint: 'fix it first: drover status, drover reinit node3',
    },
    {
      what: 'another member that does not answer, the data of which may be whole',
      cluster: viewWith({ node2: pending, node3: { answers: false } }),
      says: 'node3 does not answer',
      hint: 'fix it first: drover status; look at patroni on node3',
    },
    {
      what: 'another member that is stopped, the data of which may be whole',
      cluster: viewWith({ node2: pending, node3: { running: false } }),
      says: 'node3 does not run PostgreSQL',
      hint: 'fix it first: drover status; look at patroni on node3',
    },
    {
      what: 'another member that lags',
      cluster: viewWith({ node2: pending, node3: { lag: 2 * 1024 ** 2 } }),
      says: 'node3 lags by 2.0 MiB',
    },
    {
      what: 'another member whose lag nobody knows',
      cluster: viewWith({ node2: pending, node3: { lag: undefined } }),
      says: 'node3 does not report its lag',
    },
    {
      what: 'another member on another timeline',
      cluster: viewWith({ node2: pending, node3: { timeline: 2 } }),
      says: 'node3 is on timeline 2, and node1 on 1',
      hint: 'fix it first: drover status, drover reinit node3',
    },
    {
      what: 'the only standby of strict writes',
      cluster: viewWith(
        { node2: { ...pending, synchronous: true }, node3: { nosync: true } },
        { synchronous: true, strict: true },
      ),
      says: 'while node2 is out no synchronous standby would be left, and writes would wait for one',
    },
    {
      what: 'no synchronous standby',
      cluster: viewWith({ node2: pending }, { synchronous: true }),
      says: 'there is no synchronous standby',
    },
    {
      what: 'a leader nobody could take over from',
      cluster: viewWith({ node1: pending, node2: { nofailover: true }, node3: { nofailover: true } }),
      says: 'no healthy candidate: node2 is tagged nofailover, node3 is tagged nofailover',
    },
  ])('$what', ({ cluster, says, hint }) => {
    const running = led({ max_connections: 100, max_wal_senders: 10 });
    const config =
      cluster.config?.['postgresql'] === undefined
        ? configOf({ max_connections: 100, max_wal_senders: 10 })
        : {};
    const plan = planRestart({ ...cluster, ...config }, topology, { names: [], ...running });
    expect(refused(plan)).toEqual([says]);
    if (hint !== undefined) expect(plan.refusals.map((refusal) => refusal.hint)).toEqual([hint]);
  });

  it('refuses one that may hang as it stops', () => {
    const cluster = viewWith({ node3: { fullDisk: '0 % of /data free' } });
    expect(refused(planRestart(cluster, topology, { ...nobody, names: ['node3'] }))).toEqual([
      'the disk of PostgreSQL on node3 is full (0 % of /data free): it might not be able to stop',
    ]);
  });

  it('lets a member be restarted because it does not follow', () => {
    const cluster = viewWith({ node3: { streaming: false } });
    expect(refused(planRestart(cluster, topology, { ...nobody, names: ['node3'] }))).toEqual([]);
  });
});
