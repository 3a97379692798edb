import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { entryOf, type MapEntry, type MapNode, type Node } from '../../core/node.ts';
import { whyNot } from '../../core/system-error.ts';
import { parseSource, shortPath, type Problems } from '../files.ts';
import { isJson } from '../is-json.ts';
import { isName } from './host-pattern.ts';
import type { Inventory } from './model.ts';
import { setVariable } from './variables.ts';

/** Adds what an inventory script prints: `--list`, and `--host NAME` where that has no `_meta.hostvars`. */
export function addScript(inventory: Inventory, path: string, problems: Problems): void {
  const root = run(path, ['--list'], problems);
  if (!root) return;
  const hosts = new Set<string>();
  const groups = root.entries.filter(({ key }) => key !== '_meta');
  for (const group of groups) addGroup(inventory, group, hosts, problems);
  const meta = entryOf(entryOf(root, '_meta')?.value, 'hostvars')?.value;
  for (const host of hosts) {
    const vars = meta ? entryOf(meta, host)?.value : run(path, ['--host', host], problems);
    if (vars && vars.kind !== 'map')
      problems.add({ message: `the variables of ${host} must be a map`, at: vars.range });
    else vars?.entries.forEach((entry) => setVariable(inventory.ownerOf(host), entry, problems));
  }
}

/** What a script prints, which must be a map in JSON; what it says on stderr goes to ours. */
function run(path: string, args: readonly string[], problems: Problems): MapNode | undefined {
  const name = `${shortPath(path)} ${args.join(' ')}`;
  const { stdout, status, signal, error } = spawnSync(resolve(path), args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (error) problems.add({ message: `${name}: ${whyNot(error)}` });
  else if (status !== 0)
    problems.add({ message: `${name}: it ended with ${signal ?? `exit code ${status}`}` });
  else {
    const text = stdout.trim() === '' && args[0] === '--host' ? '{}' : stdout;
    const { root, diagnostics } = parseSource({ path: name, text }, problems);
    if (isJson(text) && root?.kind === 'map') return root;
    if (!isJson(text) || diagnostics.length === 0)
      problems.add({ message: `${name}: it did not print an object in JSON` });
    else diagnostics.forEach((diagnostic) => problems.add(diagnostic));
  }
  return undefined;
}

const groupKeys = ['hosts', 'vars', 'children'];

/** A group as a list of hosts, as an object of them, children and variables, or as a host with its variables. */
function addGroup(
  inventory: Inventory,
  { key, keyRange, value }: MapEntry,
  hosts: Set<string>,
  problems: Problems,
) {
  const group = inventory.group(key, keyRange);
  const names = (node: Node | undefined, what: string): { name: string; at: Node['range'] }[] => {
    if (!node) return [];
    if (node.kind !== 'list')
      problems.add({ message: `the ${what} of ${key} must be a list`, at: node.range });
    const items = node.kind === 'list' ? node.items : [];
    return items.flatMap((item) => {
      if (item.kind === 'scalar' && typeof item.value === 'string' && isName(item.value))
        return [{ name: item.value, at: item.range }];
      problems.add({ message: `the ${what} of ${key} must be names`, at: item.range });
      return [];
    });
  };
  const addHost = (name: string, at: Node['range']) => {
    hosts.add(name);
    inventory.addHost(name, key, at);
  };
  if (value.kind === 'map' && !value.entries.some((entry) => groupKeys.includes(entry.key))) {
    addHost(key, keyRange);
    value.entries.forEach((entry) => setVariable(group, entry, problems));
    return;
  }
  const ofMap = (name: string) => entryOf(value, name)?.value;
  for (const { name, at } of names(value.kind === 'map' ? ofMap('hosts') : value, 'hosts')) addHost(name, at);
  const vars = ofMap('vars');
  if (vars && vars.kind !== 'map')
    problems.add({ message: `the vars of ${key} must be an object`, at: vars.range });
  else vars?.entries.forEach((entry) => setVariable(group, entry, problems));
  for (const { name, at } of names(ofMap('children'), 'children')) {
    inventory.group(name, at);
    group.children.add(name);
  }
}
