import { expect, test } from 'vitest';
import type { HttpRequest } from '../../../src/clients/http.ts';
import type { RestartPlan } from '../../../src/cluster/operations/restart.ts';
import { rollRestart } from '../../../src/cluster/roll.ts';
import type { ClusterView } from '../../../src/cluster/view.ts';
import { answer, FakeCluster } from './fake-cluster.ts';
import { view } from './support.ts';

const plan = (differs: Partial<RestartPlan>): RestartPlan => ({
  replicas: ['node2', 'node3'],
  leader: undefined,
  leaderFirst: false,
  replaysFirst: false,
  onlyPending: false,
  steps: [],
  refusals: [],
  notes: [],
  ...differs,
});
const handover = { how: 'handover', to: 'node2', name: 'node1' } as const;
const inPlace = { how: 'in-place', because: 'alone', name: 'node1' } as const;

function withMember(
  from: ClusterView,
  name: string,
  differs: Partial<ClusterView['members'][number]>,
): ClusterView {
  return { ...from, members: from.members.map((one) => (one.name === name ? { ...one, ...differs } : one)) };
}

/** A cluster that does at once what Patroni is told; `spoil` changes what comes of it. */
function obedient(spoil: (after: ClusterView) => ClusterView = (after) => after): FakeCluster {
  const cluster = new FakeCluster();
  let starts = 0;
  cluster.respond = (host, { path, body = '' }: HttpRequest) => {
    if (path === '/restart')
      cluster.becomes(
        spoil(withMember(cluster.view, host, { started: `again ${++starts}`, pendingRestart: false })),
      );
    if (path === '/switchover') {
      const { candidate } = JSON.parse(body) as { candidate: string };
      const led = { leader: candidate, leaders: [candidate], writesTo: new Map([['lb', [candidate]]]) };
      const former = withMember({ ...cluster.view, ...led }, host, { streaming: true, lag: 0 });
      cluster.becomes(spoil(withMember(former, candidate, { streaming: false, lag: undefined })));
    }
    return answer(200);
  };
  return cluster;
}

/** What was ordered: `node2 /restart`. */
const orders = ({ requests }: FakeCluster) =>
  requests.map((request) => request.replace(/^(\S+) POST (\S+) .*$/, '$1 $2'));

test('replicas are restarted one after the other, before the leader hands over', async () => {
  const cluster = obedient();
  await rollRestart(cluster.control, cluster.view, plan({ leader: handover }));
  expect(orders(cluster)).toEqual(['node2 /restart', 'node3 /restart', 'node1 /switchover']);
});

test('a leader without a successor is restarted in place, after the replicas', async () => {
  const cluster = obedient();
  await rollRestart(cluster.control, cluster.view, plan({ leader: inPlace }));
  expect(orders(cluster)).toEqual(['node2 /restart', 'node3 /restart', 'node1 /restart']);
});

test('a leader goes first where a limit goes down, and the replicas replay that before their turn', async () => {
  const cluster = obedient();
  const order = plan({ leader: inPlace, leaderFirst: true, replaysFirst: true });
  await rollRestart(cluster.control, cluster.view, order);
  expect(orders(cluster)).toEqual(['node1 /restart', 'node2 /restart', 'node3 /restart']);
  expect(cluster.steps().filter((step) => step.startsWith('done'))[1]).toBe(
    'done the others have replayed that',
  );
});

test('another member takes over if the planned one is no longer fit', async () => {
  const cluster = obedient((after) => withMember(after, 'node2', { nofailover: true }));
  await rollRestart(cluster.control, cluster.view, plan({ leader: handover }));
  expect(cluster.view.leader).toBe('node3');
  expect(cluster.events).toContainEqual({
    type: 'warning',
    message: 'node2 is not fit to lead after the restarts, so node3 is to',
  });
});

test('a former leader with a restart still pending is restarted once more', async () => {
  const cluster = obedient((after) =>
    after.leader === 'node2' && after.members[0]?.started === view().members[0]?.started
      ? withMember(after, 'node1', { pendingRestart: true })
      : after,
  );
  const after = await rollRestart(cluster.control, cluster.view, plan({ leader: handover }));
  expect(orders(cluster)).toEqual([
    'node2 /restart',
    'node3 /restart',
    'node1 /switchover',
    'node1 /restart',
  ]);
  expect(after.members.some(({ pendingRestart }) => pendingRestart)).toBe(false);
});

test('a member that does not come back ends the roll before the next one', async () => {
  const cluster = obedient((after) => withMember(after, 'node2', { running: false, streaming: false }));
  await expect(rollRestart(cluster.control, cluster.view, plan({}))).rejects.toThrow(
    'node2 does not run PostgreSQL yet',
  );
  expect(orders(cluster)).toEqual(['node2 /restart']);
});
