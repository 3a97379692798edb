import { describe, expect, it } from 'vitest';
import { planPause, planReinit, planReload } from '../../../src/cluster/operations/members.ts';
import { planRebalance } from '../../../src/cluster/operations/rebalance.ts';
import { etcdMember, refused, stepsOf, view, viewWith } from './support.ts';

describe('rebalance', () => {
  it('moves etcd’s leader off the database leader’s host', () => {
    expect(planRebalance(view({ etcdLeader: 'node1' })).move).toEqual({
      from: 'node1',
      to: 'node2',
      id: 'id-node2',
    });
  });

  it('prefers a host without a database', () => {
    const etcd = [etcdMember('node1'), etcdMember('node2'), etcdMember('quorum')];
    expect(planRebalance(view({ etcdLeader: 'node1', etcd })).move?.to).toBe('quorum');
  });

  it('leaves it where it is elsewhere, or alone', () => {
    expect(planRebalance(view())).toMatchObject({ steps: [], refusals: [] });
    expect(planRebalance(view({ etcdLeader: 'node1', etcd: [etcdMember('node1')] }))).toMatchObject({
      steps: [],
    });
  });

  it('touches only a healthy etcd', () => {
    const etcd = [etcdMember('node1'), etcdMember('node2'), etcdMember('node3', { learner: true })];
    expect(refused(planRebalance(view({ etcdLeader: 'node1', etcd })))).toEqual([
      'etcd on node3 is still a learner',
    ]);
    expect(refused(planRebalance(view({ leader: undefined, leaders: [] })))).toEqual(['c has no leader']);
  });
});

describe('reinit', () => {
  it('copies from the leader', () => {
    const plan = planReinit(view(), 'node3');
    expect(refused(plan)).toEqual([]);
    expect(stepsOf(plan)).toEqual(['node3 deletes its data and copies the cluster from node1']);
    expect(plan.notes).toEqual([]);
    expect(planReinit(viewWith({ node2: { streaming: false } }), 'node3').notes).toEqual([
      'no other replica streams: until this is done, nobody could take over',
    ]);
  });

  it('ends a second leader, and nothing else does', () => {
    const claims = [
      { name: 'node1', locked: true, timeline: 2 },
      { name: 'node3', locked: false, timeline: 3 },
    ];
    const cluster = view({ claims, leaders: ['node1', 'node3'], paused: true });
    const plan = planReinit(cluster, 'node3');
    expect(refused(plan)).toEqual([]);
    expect(plan.steps[0]?.disrupts).toBe('writes on node3, and gives up what only it has');
    expect(refused(planReinit(cluster, 'node2'))).toEqual([
      'node1 (timeline 2, with the leader’s lock) and node3 (timeline 3, without it) both take writes',
    ]);
    expect(refused(planReinit(cluster, 'node1'))).toHaveLength(2);
  });

  it.each([
    { what: 'the leader', cluster: view(), node: 'node1', says: 'node1 leads: its data is the cluster’s' },
    {
      what: 'no leader',
      cluster: view({ leader: undefined, leaders: [] }),
      node: 'node2',
      says: 'c has no leader',
    },
    {
      what: 'a silent one',
      cluster: viewWith({ node2: { answers: false } }),
      node: 'node2',
      says: 'node2 does not answer',
    },
    {
      what: 'the only standby that strict writes have',
      cluster: viewWith({ node3: { streaming: false } }, { synchronous: true, strict: true }),
      node: 'node2',
      says: 'synchronous_mode_strict is on and no other standby streams: all writes would wait',
    },
  ])('refuses $what', ({ cluster, node, says }) => {
    expect(refused(planReinit(cluster, node))).toEqual([says]);
  });
});

describe('reload, pause and resume', () => {
  it('reloads all, or who is named', () => {
    expect(planReload(view(), []).members).toEqual(['node1', 'node2', 'node3']);
    expect(planReload(view(), ['node2']).members).toEqual(['node2']);
    expect(refused(planReload(viewWith({ node2: { answers: false } }), []))).toEqual([
      'node2 does not answer',
    ]);
  });

  it('does nothing where it is so already', () => {
    expect(planPause(view(), false).notes).toEqual(['c is not paused']);
    expect(planPause(view({ paused: true }), true).notes).toEqual(['c is paused already']);
    expect(planPause(view({ paused: true }), false).steps).toHaveLength(1);
  });
});
