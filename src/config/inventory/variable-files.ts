import { readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { readYaml, type Problems } from '../files.ts';
import type { Inventory, VariableMap } from './model.ts';
import { asMap } from './yaml.ts';

/** Reads the group_vars and host_vars of a folder, for the groups and hosts that there are. */
export function loadVariableFiles(
  inventory: Inventory,
  folder: string,
  rank: number,
  problems: Problems,
): void {
  const groupVars = new VariableFolder(join(folder, 'group_vars'));
  for (const group of inventory.groups.keys())
    for (const path of groupVars.filesOf(group))
      inventory.groupFiles.push({ rank, group, vars: variablesOf(path, problems) });
  const hostVars = new VariableFolder(join(folder, 'host_vars'));
  for (const host of inventory.hosts.keys())
    for (const path of hostVars.filesOf(host))
      inventory.hostFiles.push({ host, vars: variablesOf(path, problems) });
}

const extensions = ['', '.yml', '.yaml', '.json'];

/** A folder of variables. Which of its files count is Ansible's rule (`DataLoader.find_vars_files`). */
class VariableFolder {
  readonly #folder: string;
  /** What is in it, so that the files of a thousand hosts are not looked for one by one. */
  readonly #names: ReadonlySet<string>;

  constructor(folder: string) {
    this.#folder = folder;
    this.#names = new Set(isFolder(folder) ? readdirSync(folder) : []);
  }

  /** NAME, NAME.yml, NAME.yaml or NAME.json: the first there is, or all that is in it. */
  filesOf(name: string): string[] {
    const [top = ''] = name.split('/');
    const found = extensions
      .filter((extension) => this.#names.has(top === name ? name + extension : top))
      .map((extension) => join(this.#folder, name + extension))
      .find((path) => statSync(path, { throwIfNoEntry: false }));
    if (found === undefined) return [];
    return isFolder(found) ? filesIn(found) : [found];
  }
}

/** All files of variables, folders in their place in the alphabet; backups and what is hidden do not count. */
function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && !name.endsWith('~'))
    .sort((one, other) => (one < other ? -1 : 1))
    .flatMap((name) => {
      const path = join(folder, name);
      const extension = extname(name);
      if (isFolder(path)) return extension === '' ? filesIn(path) : [];
      return extensions.includes(extension) ? [path] : [];
    });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A file of variables: one map. */
export function variablesOf(path: string, problems: Problems): VariableMap {
  const root = readYaml(path, problems);
  const map = root && asMap(root, 'a file of variables is one map', problems);
  return new Map(map?.entries.map((entry) => [entry.key, entry]));
}
