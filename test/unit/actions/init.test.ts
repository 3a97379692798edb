import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { init } from '../../../src/actions/init.ts';
import { loadRun } from '../../../src/actions/load.ts';
import { folderOf } from '../support.ts';

const make = (folder: string) => init({ folder, bundled: (path) => resolve(path) });
const statesOf = (folder: string) =>
  Object.fromEntries(make(folder).map(({ path, state }) => [path.slice(folder.length + 1), state]));

test('a new folder has an inventory that is valid, under the folder’s name', () => {
  const folder = join(folderOf({}), 'shop-1');
  make(folder);
  expect(readdirSync(folder).sort()).toEqual([
    '.drover',
    '.gitignore',
    'README.md',
    'drover.yml',
    'inventory.yml',
  ]);
  const inventory = join(folder, 'inventory.yml');
  expect(readFileSync(inventory, 'utf8')).toContain('    cluster_name: shop-1\n');
  const { plays } = loadRun(
    'playbooks/site.yml',
    { inventory: [inventory], extraVars: [], tags: [], skipTags: [] },
    true,
  );
  expect(plays.length).toBeGreaterThan(0);
});

test('what is there is kept, but for the schemas', () => {
  const folder = folderOf({ 'inventory.yml': 'all: { hosts: { a: } }' });
  expect(statesOf(folder)).toMatchObject({
    'inventory.yml': 'kept',
    'drover.yml': 'made',
    '.gitignore': 'made',
  });
  expect(readFileSync(join(folder, 'inventory.yml'), 'utf8')).toBe('all: { hosts: { a: } }');
  writeFileSync(join(folder, 'README.md'), 'mine');
  writeFileSync(join(folder, '.drover/inventory.schema.json'), '{}');
  expect(new Set(Object.entries(statesOf(folder)).map(([path, state]) => `${state} ${path}`))).toEqual(
    new Set([
      'kept inventory.yml',
      'kept drover.yml',
      'kept README.md',
      'kept .gitignore',
      'updated .drover/inventory.schema.json',
      'kept .drover/playbook.schema.json',
      'kept .drover/drover.schema.json',
    ]),
  );
});

test('a folder whose name can be no cluster’s leaves the name as it is', () => {
  const folder = join(folderOf({}), 'my shop');
  make(folder);
  expect(readFileSync(join(folder, 'inventory.yml'), 'utf8')).toContain('    cluster_name: main\n');
});
