import { expect, test } from 'vitest';
import { patchConfig } from '../../../src/cluster/patch-config.ts';
import { answer, FakeCluster } from './fake-cluster.ts';
import { view, viewWith } from './support.ts';

test('the configuration is patched by way of the leader', async () => {
  const cluster = new FakeCluster();
  await patchConfig(cluster.control, { ttl: 30 });
  expect(cluster.requests).toEqual(['node1 PATCH /config {"ttl":30}']);
});

test('without a leader it is patched by way of a member that answers', async () => {
  const leaderless = view({ leader: undefined, leaders: [] });
  const cluster = new FakeCluster(viewWith({ node1: { answers: false } }, leaderless));
  await patchConfig(cluster.control, { ttl: 30 });
  expect(cluster.requests).toEqual(['node2 PATCH /config {"ttl":30}']);
});

test('a patch that came second is sent again, after a look at the cluster', async () => {
  const cluster = new FakeCluster();
  cluster.respond = () => answer(cluster.requests.length < 3 ? 409 : 200);
  let looks = 0;
  await patchConfig(cluster.control, { ttl: 30 }, () => looks++);
  expect(cluster.requests).toHaveLength(3);
  expect(looks).toBe(2);
});

test('a patch that always comes second is given up', async () => {
  const cluster = new FakeCluster();
  cluster.respond = () => answer(409, 'conflict');
  await expect(patchConfig(cluster.control, { ttl: 30 })).rejects.toThrow(
    'Patroni did not change the configuration: 409: conflict',
  );
  expect(cluster.requests).toHaveLength(5);
});

test('without a configuration in the DCS the error says so', async () => {
  const cluster = new FakeCluster();
  cluster.respond = () => answer(503);
  await expect(patchConfig(cluster.control, { ttl: 30 })).rejects.toThrow(
    '(there is no configuration in the DCS yet)',
  );
});

test('nothing is sent if no member answers', async () => {
  const members = view().members.map((member) => ({ ...member, answers: false }));
  const cluster = new FakeCluster(view({ members, leader: undefined, leaders: [] }));
  await expect(patchConfig(cluster.control, { ttl: 30 })).rejects.toThrow('no member answers');
  expect(cluster.requests).toEqual([]);
});
