import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { didYouMean } from '../../core/diagnostics.ts';
import type { MapEntry, MapNode, Node } from '../../core/node.ts';
import { readSource, readYaml, shortPath, type Problems } from '../files.ts';
import { parseYaml } from '../yaml.ts';
import { Inventory, type VariableMap } from './model.ts';
import { expandRanges, RangeError } from './ranges.ts';

/** Reads the inventory sources of `-i`, with the group_vars and host_vars beside them and beside the playbooks. */
export function loadInventory(
  sources: readonly string[],
  playbookFolders: readonly string[],
  problems: Problems,
): Inventory {
  const [first = '.'] = sources;
  const inventory = new Inventory(isHostList(first) ? process.cwd() : dirname(resolve(first)));
  for (const source of sources) {
    if (isHostList(source)) addHostList(inventory, source);
    else if (existsSync(source) && statSync(source).isDirectory()) {
      problems.add({ message: `${shortPath(source)} is a directory`, hint: 'name the inventory file in it' });
    } else loadFile(inventory, source, problems);
  }
  refuseCycles(inventory, problems);
  const folders = [
    ...sources.filter((source) => !isHostList(source)).map((source) => dirname(resolve(source))),
    ...playbookFolders,
  ];
  [...new Set(folders)].forEach((folder, rank) => loadVariableFiles(inventory, folder, rank, problems));
  return inventory;
}

/** `-i a,b` and `-i a,` are hosts, not a file. */
function isHostList(source: string): boolean {
  return source.includes(',') && !existsSync(source);
}

function addHostList(inventory: Inventory, source: string): void {
  for (const name of source.split(',').map((part) => part.trim())) {
    if (name !== '') expandRanges(name).forEach((host) => inventory.host(host));
  }
}

function loadFile(inventory: Inventory, path: string, problems: Problems): void {
  const file = readSource(path, problems);
  if (!file) return;
  if (/^\s*\[[\w.-]+(:\w+)?\]\s*$/m.test(file.text) && !/^[\w"'-]+\s*:/m.test(file.text)) {
    problems.add({
      message: `${file.path} is an INI inventory; drover reads YAML`,
      hint: `ansible-inventory -i ${file.path} --list --yaml writes it as YAML`,
    });
    return;
  }
  const { root, diagnostics } = parseYaml(file);
  diagnostics.forEach((diagnostic) => problems.add(diagnostic));
  if (!root) {
    if (diagnostics.length === 0)
      problems.add({ message: `${file.path} is empty`, hint: 'it starts with all:' });
    return;
  }
  const map = asMap(root, 'an inventory is a map of groups', problems);
  for (const entry of map?.entries ?? []) addGroup(inventory, entry, problems);
}

function asMap(node: Node, message: string, problems: Problems): MapNode | undefined {
  if (node.kind === 'map') return node;
  if (node.kind === 'scalar' && node.value === null) return { kind: 'map', entries: [], range: node.range };
  problems.add({ message, at: node.range });
  return undefined;
}

const groupKeys = ['hosts', 'children', 'vars'];

function addGroup(inventory: Inventory, entry: MapEntry, problems: Problems): void {
  const group = inventory.group(entry.key, entry.keyRange);
  const map = asMap(
    entry.value,
    `the group "${entry.key}" must be a map with ${groupKeys.join(', ')}`,
    problems,
  );
  for (const { key, keyRange, value } of map?.entries ?? []) {
    const content = groupKeys.includes(key) ? asMap(value, `${key} must be a map`, problems) : undefined;
    switch (key) {
      case 'vars':
        content?.entries.forEach((variable) => group.vars.set(variable.key, variable));
        break;
      case 'children':
        for (const child of content?.entries ?? []) {
          group.children.add(child.key);
          addGroup(inventory, child, problems);
        }
        break;
      case 'hosts':
        content?.entries.forEach((host) => addHosts(inventory, entry.key, host, problems));
        break;
      default:
        problems.add({
          message: `unknown key "${key}" in the group "${entry.key}"`,
          at: keyRange,
          ...didYouMean(key, groupKeys),
        });
    }
  }
}

function addHosts(inventory: Inventory, group: string, entry: MapEntry, problems: Problems): void {
  let names: string[];
  try {
    names = expandRanges(entry.key);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    problems.add({ message: error.message, at: entry.keyRange });
    return;
  }
  const vars = asMap(entry.value, `the host "${entry.key}" must be a map of variables`, problems);
  for (const name of names) {
    if (/[\s,!&*?~@]/.test(name) || name === '') {
      problems.add({ message: `"${name}" is not a host name`, at: entry.keyRange });
      continue;
    }
    const host = inventory.host(name, entry.keyRange);
    host.places.push({ group, at: entry.keyRange });
    if (group !== 'all') inventory.group(group).hosts.add(name);
    vars?.entries.forEach((variable) => host.vars.set(variable.key, variable));
  }
}

function refuseCycles(inventory: Inventory, problems: Problems): void {
  const done = new Set<string>();
  const visit = (name: string, way: readonly string[]) => {
    if (way.includes(name)) {
      const at = inventory.groups.get(name)?.at;
      problems.add({
        message: `groups contain each other: ${[...way, name].join(' -> ')}`,
        ...(at ? { at } : {}),
      });
      // Cut, so that nothing that climbs the tree later runs for ever.
      inventory.groups.get(way.at(-1) ?? '')?.children.delete(name);
      return;
    }
    if (done.has(name)) return;
    for (const child of inventory.groups.get(name)?.children ?? []) visit(child, [...way, name]);
    done.add(name);
  };
  for (const name of inventory.groups.keys()) visit(name, []);
}

function loadVariableFiles(inventory: Inventory, folder: string, rank: number, problems: Problems): void {
  for (const [name, vars] of variableFiles(join(folder, 'group_vars'), problems)) {
    inventory.groupFiles.push({ rank, group: name, vars });
  }
  for (const [name, vars] of variableFiles(join(folder, 'host_vars'), problems)) {
    inventory.hostFiles.push({ host: name, vars });
  }
}

const extensions = ['.yml', '.yaml', '.json'];

/** Files of group_vars or host_vars: `NAME.yml`, or a folder `NAME/` of them. */
function variableFiles(folder: string, problems: Problems): [string, VariableMap][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && !entry.name.endsWith('~'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): [string, VariableMap][] => {
      const path = join(folder, entry.name);
      if (statSync(path).isDirectory()) {
        const inner = variableFiles(path, problems).flatMap(([, vars]) => [...vars]);
        return [[entry.name, new Map(inner)]];
      }
      // Any other ending is part of the name: web.example.com.
      const ending = extensions.find((extension) => entry.name.endsWith(extension)) ?? '';
      const name = entry.name.slice(0, entry.name.length - ending.length);
      return [[name, variablesOf(path, problems)]];
    });
}

/** A file of variables: one map. */
export function variablesOf(path: string, problems: Problems): VariableMap {
  const root = readYaml(path, problems);
  const map = root && asMap(root, 'a file of variables is one map', problems);
  return new Map(map?.entries.map((entry) => [entry.key, entry]));
}
