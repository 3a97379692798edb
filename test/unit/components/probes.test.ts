import { expect, test } from 'vitest';
import { faultsAfter, names, SeenCluster } from './seen-cluster.ts';

test('a healthy cluster passes, and looks at every node', () => {
  expect(faultsAfter(() => undefined)).toEqual([]);
  const wheres = new Set(new SeenCluster().rows().map(({ where }) => where));
  expect([...names, 'proxy', 'demo'].every((name) => wheres.has(name))).toBe(true);
});
