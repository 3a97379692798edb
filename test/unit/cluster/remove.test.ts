import { describe, expect, it } from 'vitest';
import { haproxy } from '../../../src/components/haproxy/index.ts';
import { planRemove, type Removal } from '../../../src/cluster/operations/remove.ts';
import { refuseMember, type DepartingHost } from '../../../src/cluster/operations/remove-danger.ts';
import type { ClusterView } from '../../../src/cluster/view.ts';
import { etcdMember, member, refused, stepsOf, topology, view, viewWith } from './support.ts';

/** A host that is logged in to and does everything. */
function departing(name: string, differs: Partial<DepartingHost> = {}): DepartingHost {
  return {
    name,
    address: '10.0.0.3',
    groups: new Set(['etcd', 'postgres']),
    reached: true,
    answers: [],
    units: new Set(['patroni', 'etcd']),
    kept: new Map([['etcd', '/var/lib/etcd/postgresql']]),
    slot: true,
    ...differs,
  };
}

const off = { reached: false, units: new Set<string>(), kept: new Map<string, string>() };

/** The cluster as it is while a host is off. */
function without(name: string, differs: Partial<ClusterView> = {}): ClusterView {
  const etcd = view(differs).etcd.map((each) =>
    each.name === name ? { ...each, answers: false, follows: false } : each,
  );
  const silent = { answers: false, running: false, streaming: false };
  return viewWith({ [name]: silent }, { etcdLeader: 'node2', ...differs, etcd });
}

const doneBy = ({ removals }: { removals: readonly Removal[] }) =>
  removals.map((removal) => (removal.do === 'stop' ? `stop ${removal.component}` : removal.do));

describe('where there is nothing to take a host out of', () => {
  const dead = {
    members: view().members.map((each) => ({ ...each, answers: false, running: false })),
    etcd: view().etcd.map((each) => ({ ...each, answers: false, follows: false })),
    listed: { patroni: [], etcd: [] },
    leader: undefined,
    leaders: [],
    etcdLeader: undefined,
  };

  it('nothing is done, instead of a cluster being made without it', () => {
    const bare = departing('node3', { units: new Set(), kept: new Map(), slot: false });
    expect(refused(planRemove(view(dead), topology, bare))).toEqual([
      'no member of c answers: there is no cluster to take node3 out of',
    ]);
  });

  it('but a host that has left already is no fault', () => {
    const bare = departing('node4', { groups: new Set(), units: new Set(), kept: new Map(), slot: false });
    expect(planRemove(view(), topology, bare)).toMatchObject({ steps: [], refusals: [] });
  });
});

describe('a host that is to take another one’s place', () => {
  it('must not be a member already', () => {
    expect(refused({ refusals: refuseMember(view(), 'node2', 'node3') })).toEqual([
      'node3 is a member of the cluster already',
    ]);
    expect(refuseMember(view(), 'node2', 'node4')).toEqual([]);
  });
});

describe('taking a host out', () => {
  it('that follows: the database, then the vote, then what is left of it', () => {
    const plan = planRemove(view(), topology, departing('node3'));
    expect(refused(plan)).toEqual([]);
    expect(stepsOf(plan)).toEqual([
      'Patroni and PostgreSQL on node3 are stopped for good',
      'Patroni forgets node3: its place in the cluster and its replication slot go',
      'etcd takes node3 out of its members',
      'etcd on node3 is stopped for good, and its data moved to /var/lib/etcd/postgresql.removed-TIME',
    ]);
    expect(plan.outage).toBeUndefined();
    expect(plan.removals).toContainEqual({ do: 'remove-etcd-member', id: 'id-node3', via: 'node2' });
    expect(plan.notes[0]).toBe('etcd is left with 2 members, of which none may fail: add one soon');
  });

  it('that leads: another one first, with the outage of a hand-over', () => {
    const plan = planRemove(view(), topology, departing('node1'));
    expect(refused(plan)).toEqual([]);
    expect(plan.removals[0]).toEqual({ do: 'hand-over', from: 'node1', to: 'node3' });
    expect(plan.steps[0]).toMatchObject({ disrupts: 'writes and open sessions' });
    expect(plan.outage).toEqual({ usual: 1.75, most: 6.5 });
  });

  it('from where etcd is led: its leadership moves first, and not to the database leader’s host', () => {
    const plan = planRemove(view({ etcdLeader: 'node3' }), topology, departing('node3'));
    expect(doneBy(plan)).toEqual([
      'stop patroni',
      'await-forgotten',
      'move-etcd-leader',
      'remove-etcd-member',
      'stop etcd',
    ]);
    expect(plan.removals[2]).toMatchObject({ from: 'node3', to: 'node2' });
    const both = planRemove(view({ etcdLeader: 'node1' }), topology, departing('node1'));
    expect(both.removals.find((removal) => removal.do === 'move-etcd-leader')).toMatchObject({ to: 'node3' });
  });

  it('that is off: nothing is done on it', () => {
    const plan = planRemove(without('node3'), topology, departing('node3', off));
    expect(refused(plan)).toEqual([]);
    expect(doneBy(plan)).toEqual(['await-forgotten', 'remove-etcd-member']);
    expect(plan.notes.at(-1)).toMatch(/^node3 cannot be reached/);
  });

  it('that is off goes even while another one is ill', () => {
    const five = ['node1', 'node2', 'node3', 'node4', 'node5'];
    const members = five.map((name) => member(name, name === 'node4' ? { streaming: false } : {}));
    const etcd = five.map((name) =>
      etcdMember(name, name === 'node4' ? { answers: false, follows: false } : {}),
    );
    const ill = without('node5', { members, etcd });
    expect(refused(planRemove(ill, topology, departing('node5', off)))).toEqual([]);
    const plan = planRemove(view({ members, etcd }), topology, departing('node5'));
    expect(refused(plan)).toEqual(['etcd on node4 does not answer']);
  });

  it('that only the cluster knows, and never started its etcd', () => {
    const listed = {
      patroni: view().listed.patroni,
      etcd: [
        ...view().listed.etcd,
        { id: 'x', name: '', peerUrls: ['http://10.0.0.7:2380'], isLearner: true },
      ],
    };
    const unknown = departing('node7', { ...off, groups: new Set(), address: '10.0.0.7', slot: false });
    const plan = planRemove(view({ listed }), topology, unknown);
    expect(plan.removals).toEqual([{ do: 'remove-etcd-member', id: 'x', via: 'node2' }]);
  });

  it('whose slot Patroni keeps for a while, from 4.0 on', () => {
    const later = view({ patroniVersion: '4.0.6' });
    const plan = planRemove(later, topology, departing('node3', { slot: false }));
    expect(stepsOf(plan)).toContain('Patroni forgets node3: its place in the cluster goes');
    expect(plan.notes.join()).toContain('keeps the replication slot of node3');
    const at = planRemove({ ...later, config: { member_slots_ttl: 0 } }, topology, departing('node3'));
    expect(at.notes.join()).not.toContain('keeps the replication slot');
  });

  it('goes on where another run has ended', () => {
    const gone = { patroni: view().listed.patroni.slice(0, 2), etcd: view().listed.etcd };
    const half = without('node3', { listed: gone });
    const stopped = departing('node3', { units: new Set(['etcd']), slot: false });
    expect(doneBy(planRemove(half, topology, stopped))).toEqual(['remove-etcd-member', 'stop etcd']);
    const out = { ...gone, etcd: gone.etcd.slice(0, 2) };
    const nothing = departing('node3', { units: new Set(), kept: new Map<string, string>(), slot: false });
    expect(planRemove({ ...half, listed: out }, topology, nothing)).toMatchObject({
      steps: [],
      refusals: [],
      notes: ['nothing of node3 is left in c'],
    });
    // A controller that was killed before it moved the data aside.
    expect(
      doneBy(planRemove({ ...half, listed: out }, topology, { ...nothing, kept: new Map([['etcd', '/e']]) })),
    ).toEqual(['stop etcd']);
  });

  it('that only has HAProxy', () => {
    const entry = departing('lb', {
      groups: new Set(['haproxy']),
      units: new Set(['haproxy']),
      kept: new Map<string, string>(),
      slot: false,
    });
    const hosts = [...topology.hostsOf(haproxy), { name: 'lb2', address: '10.0.0.8' }];
    const two = topology.with(haproxy, { hosts });
    const both = view({ writesTo: new Map(['lb', 'lb2'].map((name) => [name, ['node1']])) });
    expect(stepsOf(planRemove(both, two, entry))).toEqual(['HAProxy on lb is stopped for good']);
    expect(refused(planRemove(both, two, entry))).toEqual([]);
    expect(refused(planRemove(view(), topology, entry))).toEqual([
      'lb is the only HAProxy: clients would have no entry',
    ]);
    expect(refused(planRemove(view(), two, entry))).toEqual([
      'no other HAProxy than the one on lb runs: clients would have no entry',
    ]);
    // A dead one serves nobody: the inventory's other may still be on its way.
    expect(planRemove(view(), two, { ...entry, ...off })).toMatchObject({ steps: [], refusals: [] });
  });
});

describe('what is refused', () => {
  const alone = [etcdMember('node3')];
  it.each([
    {
      what: 'no leader',
      cluster: view({ leader: undefined, leaders: [] }),
      says: ['c has no leader'],
    },
    { what: 'a pause', cluster: view({ paused: true }), says: ['c is paused'] },
    {
      what: 'an order for later',
      cluster: view({ scheduled: { at: 'then' } }),
      says: ['a switchover is scheduled for then'],
    },
    {
      what: 'a silent etcd member beside it',
      cluster: view({
        etcd: [
          etcdMember('node1'),
          etcdMember('node2', { answers: false, follows: false }),
          etcdMember('node3'),
        ],
        etcdLeader: 'node1',
      }),
      says: [
        'etcd on node2 does not answer',
        'without node3 etcd would have no majority: 1 of 2 members would be there',
      ],
    },
    {
      what: 'a replica beside it that does not follow',
      cluster: viewWith({ node2: { streaming: false } }),
      says: ['node2 does not follow node1'],
    },
    {
      what: 'the only etcd member',
      cluster: view({ etcd: alone, etcdLeader: 'node3' }),
      says: ['node3 is the only etcd member'],
    },
    {
      what: 'the only voter',
      cluster: view({ etcd: [...alone, etcdMember('node1', { learner: true })], etcdLeader: 'node3' }),
      says: ['etcd on node1 is still a learner', 'node3 is the only voter of etcd'],
    },
    {
      what: 'the standby of a synchronous cluster',
      cluster: view({
        synchronous: true,
        members: [member('node1', { streaming: false }), member('node3', { synchronous: true })],
      }),
      says: ['c is synchronous, and would be left without a standby'],
    },
  ])('$what', ({ cluster, says }) => {
    const plan = planRemove(cluster, topology, departing('node3'));
    expect(refused(plan)).toEqual(says);
    expect(plan.refusals.every(({ hint }) => hint !== '')).toBe(true);
  });

  it('the last database', () => {
    const last = view({ members: [member('node1', { streaming: false })] });
    expect(refused(planRemove(last, topology, departing('node1')))).toEqual([
      'node1 is the last database member that runs: its data is the cluster’s',
    ]);
  });

  it('a leader without a fit successor', () => {
    const plan = planRemove(
      viewWith({ node2: { nofailover: true }, node3: { nofailover: true } }),
      topology,
      departing('node1'),
    );
    expect(refused(plan)).toEqual([
      'no healthy candidate: node2 is tagged nofailover, node3 is tagged nofailover',
    ]);
  });

  it('a leader that may hang as it stops', () => {
    const plan = planRemove(
      viewWith({ node1: { fullDisk: '0 % of /data free' } }),
      topology,
      departing('node1'),
    );
    expect(refused(plan)).toEqual([
      'the disk of PostgreSQL on node1 is full (0 % of /data free): it might not be able to stop',
    ]);
  });

  it('a leader that is off, until another one leads', () => {
    const plan = planRemove(without('node1', { leaders: [] }), topology, departing('node1', off));
    expect(refused(plan)).toEqual(['node1 led and does not answer, and nobody has taken over yet']);
  });

  it('no majority of etcd, by who its members are and not by the inventory', () => {
    const etcd = ['node1', 'node2', 'node3', 'coming'].map((name) =>
      etcdMember(name, ['node3', 'coming'].includes(name) ? { answers: false, follows: false } : {}),
    );
    const listed = { patroni: view().listed.patroni, etcd: view().listed.etcd };
    const dead = without('node3', { etcd, listed });
    expect(refused(planRemove(dead, topology, departing('node3', off)))).toEqual([]);
    const most = etcd.map((each) => ({ ...each, follows: each.name === 'node1' }));
    expect(refused(planRemove({ ...dead, etcd: most }, topology, departing('node3', off)))).toContain(
      'etcd has no majority: 1 of 3 members know a leader',
    );
  });

  it('a host out of reach that still answers the others', () => {
    const cut = departing('node3', { ...off, answers: ['Patroni', 'etcd'] });
    expect(planRemove(without('node3'), topology, cut).refusals).toEqual([
      {
        message: 'node3 cannot be logged in to, and Patroni and etcd there still answer',
        hint: 'fix the login, or turn node3 off',
      },
    ]);
    const former = departing('node3', { ...off, groups: new Set(), answers: ['etcd'] });
    expect(planRemove(without('node3'), topology, former).refusals).toEqual([
      {
        message: 'node3 is in none of the inventory’s groups, and etcd there still answers',
        hint: 'put node3 back in the inventory, or turn it off',
      },
    ]);
  });

  it('one that was removed, and is still in the inventory, beside it', () => {
    const gone = { patroni: view().listed.patroni.slice(0, 2), etcd: view().listed.etcd.slice(0, 2) };
    const plan = planRemove(without('node3', { listed: gone }), topology, departing('node2'));
    expect(refused(plan)).toEqual(['node3 is in the inventory, and not in the cluster']);
  });

  it('nothing that a host makes good which joins before', () => {
    const small = view({
      members: [member('node1', { streaming: false })],
      etcd: [etcdMember('node1')],
      etcdLeader: 'node1',
    });
    const all = departing('node1', { units: new Set(['patroni', 'etcd', 'haproxy']) });
    expect(refused(planRemove(small, topology, all))).not.toEqual([]);
    expect(refused(planRemove(small, topology, all, { arriving: 'node2' }))).toEqual([]);
  });
});
