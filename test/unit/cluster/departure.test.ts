import { expect, test } from 'vitest';
import { performRemoval } from '../../../src/cluster/departure.ts';
import type { Removal, RemovePlan } from '../../../src/cluster/operations/remove.ts';
import { answer, FakeCluster } from './fake-cluster.ts';
import { etcdMember, view, viewWith } from './support.ts';

const plan = (...removals: Removal[]): RemovePlan => ({
  name: 'node1',
  removals,
  steps: [],
  refusals: [],
  notes: [],
});
const node2Leads = viewWith(
  { node1: { streaming: true, lag: 0 }, node2: { streaming: false, lag: undefined } },
  { leader: 'node2', leaders: ['node2'], writesTo: new Map([['lb', ['node2']]]) },
);
/** node2 leads, and node1 is in none of the cluster's own lists. */
const forgotten = {
  ...node2Leads,
  listed: {
    patroni: node2Leads.listed.patroni.filter(({ name }) => name !== 'node1'),
    etcd: node2Leads.listed.etcd.filter(({ name }) => name !== 'node1'),
  },
};

test('a leader hands over and the cluster settles before the host is stopped', async () => {
  const cluster = new FakeCluster();
  cluster.respond = () => {
    cluster.becomes(node2Leads, 1);
    return answer(200);
  };
  const removals = plan(
    { do: 'hand-over', from: 'node1', to: 'node2' },
    { do: 'stop', component: 'patroni' },
  );
  await performRemoval(cluster.control, removals, cluster.view);
  expect(cluster.requests).toEqual([expect.stringContaining('node1 POST /switchover')]);
  expect(cluster.scripts).toEqual(['node1: set -e\nsystemctl disable --now patroni']);
  expect(cluster.steps().filter((step) => step.startsWith('done'))).toEqual([
    'done node2 takes the lead',
    'done all members follow, etcd and HAProxy agree',
    'done Patroni and PostgreSQL on node1 are stopped',
  ]);
});

test('Patroni is not stopped on a host that leads', async () => {
  const cluster = new FakeCluster();
  await expect(
    performRemoval(cluster.control, plan({ do: 'stop', component: 'patroni' }), cluster.view),
  ).rejects.toThrow('node1 leads now: the roles have changed');
  expect(cluster.scripts).toEqual([]);
});

test('a member is forgotten once it is not listed and its slot is gone', async () => {
  const cluster = new FakeCluster(node2Leads);
  cluster.becomes(forgotten, 30);
  cluster.rows = (host) => ({
    answered: true,
    rows: [{ slots: host === 'node2' && cluster.seconds < 35 ? 1 : 0 }],
  });
  await performRemoval(cluster.control, plan({ do: 'await-forgotten' }), cluster.view);
  expect(cluster.seconds).toBe(35);
});

test('a member that stays listed ends the departure', async () => {
  const cluster = new FakeCluster(node2Leads);
  await expect(
    performRemoval(cluster.control, plan({ do: 'await-forgotten' }), cluster.view),
  ).rejects.toThrow(/Patroni has forgotten node1: not within \d+ s: it still lists it/);
});

test('etcd’s leader is moved only if it is still there', async () => {
  const move = plan({ do: 'move-etcd-leader', from: 'node1', to: 'node3', id: 'id-node3' });
  const moved = new FakeCluster(view({ etcdLeader: 'node2' }));
  await performRemoval(moved.control, move, moved.view);
  expect(moved.requests).toEqual([]);

  const cluster = new FakeCluster(view({ etcdLeader: 'node1' }));
  cluster.respond = () => {
    cluster.becomes(view({ etcdLeader: 'node3' }));
    return answer(200);
  };
  await performRemoval(cluster.control, move, cluster.view);
  expect(cluster.requests).toHaveLength(1);
});

const removal = { do: 'remove-etcd-member', id: 'id-node1', via: 'node2' } as const;

test('an etcd member is removed by way of another, until the list is without it', async () => {
  const cluster = new FakeCluster(node2Leads);
  cluster.respond = () => {
    cluster.becomes(forgotten, 1);
    return answer(200);
  };
  await performRemoval(cluster.control, plan(removal), cluster.view);
  expect(new Set(cluster.requests)).toEqual(
    new Set([expect.stringMatching(/^node2 POST \/v3\/cluster\/member\/remove/)]),
  );
  expect(cluster.seconds).toBe(1);
});

test('an etcd member that is gone already is not removed again', async () => {
  const cluster = new FakeCluster(forgotten);
  await performRemoval(cluster.control, plan(removal), cluster.view);
  expect(cluster.requests).toEqual([]);
});

test('an empty member list is no proof that the member is gone', async () => {
  const cluster = new FakeCluster(view({ listed: { patroni: [], etcd: [] }, etcd: [etcdMember('node2')] }));
  cluster.respond = () => answer(503, 'no leader');
  await expect(performRemoval(cluster.control, plan(removal), cluster.view)).rejects.toThrow(
    /etcd has taken node1 out: not within 60 s: .*no leader/,
  );
});

test('a removed member’s data is kept under another name', async () => {
  const cluster = new FakeCluster(forgotten);
  await performRemoval(cluster.control, plan({ do: 'stop', component: 'etcd' }), cluster.view);
  const [script = ''] = cluster.scripts;
  expect(script).toContain('systemctl disable --now etcd');
  expect(script).toContain('mv -- "$dir" "$dir.removed-');
  expect(script).not.toContain('rm -rf');
});

test('an entry for clients is stopped', async () => {
  const cluster = new FakeCluster();
  await performRemoval(
    cluster.control,
    { ...plan({ do: 'stop', component: 'haproxy' }), name: 'lb' },
    cluster.view,
  );
  expect(cluster.scripts).toEqual(['lb: set -e\nsystemctl disable --now haproxy']);
});

test('an interrupt ends a departure between two steps', async () => {
  const interrupt = new AbortController();
  const cluster = new FakeCluster(forgotten, { signal: interrupt.signal });
  cluster.execute = () => {
    interrupt.abort();
    return { status: 0, stdout: '', stderr: '', timedOut: false };
  };
  await expect(
    performRemoval(
      cluster.control,
      plan({ do: 'stop', component: 'patroni' }, { do: 'stop', component: 'etcd' }),
      cluster.view,
    ),
  ).rejects.toThrow('interrupted');
  expect(cluster.scripts).toHaveLength(1);
});
