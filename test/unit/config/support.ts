import { join } from 'node:path';
import { Problems } from '../../../src/config/files.ts';
import { loadInventory } from '../../../src/config/inventory/load.ts';
import type { Inventory } from '../../../src/config/inventory/model.ts';
import { rollingNames } from '../../../src/cluster/guide.ts';
import { loadPlaybook } from '../../../src/config/playbook/load.ts';
import { modules } from '../../../src/modules/registry.ts';
import { Scope } from '../../../src/vars/scope.ts';
import { folderOf, told } from '../support.ts';

/** An inventory out of files, the first of which is the source, and what is wrong with it. */
export function inventoryOf(
  files: Readonly<Record<string, string>>,
  playbookFolders: readonly string[] = [],
) {
  const folder = folderOf(files);
  const problems = new Problems();
  const [source = ''] = Object.keys(files);
  const inventory = loadInventory(
    [join(folder, source)],
    playbookFolders.map((name) => join(folder, name)),
    problems,
  );
  return { inventory, problems: told(problems.list, folder) };
}

/** A host's own variables, rendered. */
export function variablesOf(inventory: Inventory, host: string): Record<string, unknown> {
  const scope = new Scope(inventory.layersOf(host));
  return Object.fromEntries([...scope.names()].map((name) => [name, scope.get(name)]));
}

/** A playbook out of files, the first of which it is, and what is wrong with it. */
export function playbookOf(files: Readonly<Record<string, string>>) {
  const folder = folderOf(files);
  const problems = new Problems();
  const [name = ''] = Object.keys(files);
  const playbook = loadPlaybook(join(folder, name), { modules, rolling: rollingNames }, problems);
  return { playbook, problems: told(problems.list, folder) };
}

/** What is wrong in a play of these tasks; lines count from the first task's. */
export function taskProblems(tasks: string, files: Readonly<Record<string, string>> = {}): string[] {
  const indented = tasks.replace(/^(?=.)/gm, '    ');
  const { problems } = playbookOf({
    'p.yml': `- { hosts: all, tasks: [] }\n- hosts: all\n  tasks:\n${indented}\n`,
    ...files,
  });
  return problems.map((line) =>
    line.replace(
      /^p\.yml:(\d+):(\d+)/,
      (_, row: string, column: string) => `${Number(row) - 3}:${Number(column) - 4}`,
    ),
  );
}
