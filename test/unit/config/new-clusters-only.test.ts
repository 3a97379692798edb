import { readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { componentFolders } from '../../../src/config/component-folders.ts';
import { loadDeclarations } from '../../../src/config/declarations.ts';
import { Problems } from '../../../src/config/files.ts';

const home = join(import.meta.dirname, '../../../playbooks');

test('a change of each variable that is for new clusters only is refused while planning', () => {
  const tasks = componentFolders(home)
    .map((folder) => join(folder, 'preflight.yml'))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  const held = new Set(
    [...tasks.matchAll(/^ +value: '\{\{(?:json )?(\w+)\}\}'$/gm)].map(([, variable]) => variable),
  );
  const { variables } = loadDeclarations(home, new Problems());
  const fixed = [...variables.values()].filter(({ effect }) => effect === 'new clusters only');
  expect(fixed.length).toBeGreaterThan(8);
  expect(fixed.map(({ name }) => name).filter((name) => !held.has(name))).toEqual([]);
});
