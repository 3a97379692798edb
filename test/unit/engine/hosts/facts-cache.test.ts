import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FactsCache } from '../../../../src/engine/hosts/facts-cache.ts';
import type { HostFact } from '../../../../src/facts/host.ts';
import { folderOf } from '../../support.ts';

const fact = { distro: 'debian', release: '12' } as HostFact;

test('FactsCache writes what is new, and leaves what it knows to be there', () => {
  const folder = folderOf({});
  const cache = new FactsCache(folder);
  cache.store('key', fact);
  expect(new FactsCache(folder).load('key')).toEqual(fact);

  for (const name of readdirSync(folder)) rmSync(join(folder, name));
  cache.store('key', fact);
  expect(readdirSync(folder)).toEqual([]);
  cache.store('key', { ...fact, release: '13' });
  expect(new FactsCache(folder).load('key')).toEqual({ ...fact, release: '13' });
});
