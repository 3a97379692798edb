import { didYouMean } from '../../core/diagnostics.ts';
import type { MapEntry, MapNode, Node } from '../../core/node.ts';
import type { Problems } from '../files.ts';
import { resolvePlain } from '../plain-scalar.ts';
import { parseHostPattern } from './host-pattern.ts';
import type { Inventory } from './model.ts';
import { setVariable } from './variables.ts';

/** Adds the groups of a YAML inventory. */
export function addYaml(inventory: Inventory, root: MapNode, problems: Problems): void {
  const plugin = root.entries.find(({ key }) => key === 'plugin');
  if (!plugin) {
    for (const entry of root.entries) addGroup(inventory, entry, problems);
    return;
  }
  problems.add({
    message: 'this is a configuration of an inventory plugin, which drover does not have',
    at: plugin.keyRange,
    hint: 'name a script that prints what ansible-inventory --list makes of it',
  });
}

/** A map, or nothing, which is an empty one. */
export function asMap(node: Node, message: string, problems: Problems): MapNode | undefined {
  if (node.kind === 'map') return node;
  if (node.kind === 'scalar' && node.value === null) return { kind: 'map', entries: [], range: node.range };
  problems.add({ message, at: node.range });
  return undefined;
}

const groupKeys = ['hosts', 'children', 'vars'];

function addGroup(inventory: Inventory, entry: MapEntry, problems: Problems): void {
  refuseOtherThanText(entry, 'group', problems);
  const group = inventory.group(entry.key, entry.keyRange);
  const map = asMap(
    entry.value,
    `the group "${entry.key}" must be a map with ${groupKeys.join(', ')}`,
    problems,
  );
  for (const { key, keyRange, value } of map?.entries ?? []) {
    const content = groupKeys.includes(key) ? contentOf(key, value, problems) : undefined;
    switch (key) {
      case 'vars':
        content?.entries.forEach((variable) => setVariable(group, variable, problems));
        break;
      case 'children':
        for (const child of content?.entries ?? []) {
          addGroup(inventory, child, problems);
          group.children.add(child.key);
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

/** A single host or child may stand as text. */
function contentOf(key: string, value: Node, problems: Problems): MapNode | undefined {
  if (key === 'vars' || value.kind !== 'scalar' || typeof value.value !== 'string')
    return asMap(value, `${key} must be a map`, problems);
  const nothing: Node = { ...value, value: null, text: '' };
  return {
    kind: 'map',
    entries: [{ key: value.value, keyRange: value.range, value: nothing }],
    range: value.range,
  };
}

function addHosts(inventory: Inventory, group: string, entry: MapEntry, problems: Problems): void {
  refuseOtherThanText(entry, 'host', problems);
  const pattern = parseHostPattern(entry.key);
  if (typeof pattern === 'string') {
    problems.add({ message: pattern, at: entry.keyRange });
    return;
  }
  const vars = asMap(entry.value, `the host "${entry.key}" must be a map of variables`, problems);
  for (const name of pattern.names) {
    inventory.addHost(name, group, entry.keyRange, pattern.port);
    vars?.entries.forEach((variable) => setVariable(inventory.ownerOf(name), variable, problems));
  }
}

/** Ansible takes no name that YAML reads as a number or as true or false: `1234`, `no`. */
function refuseOtherThanText({ key, keyRange }: MapEntry, what: string, problems: Problems): void {
  const isPlain = keyRange.file.text.slice(keyRange.start, keyRange.end) === key;
  if (!isPlain || typeof resolvePlain(key) === 'string') return;
  problems.add({
    message: `the ${what} ${key} is not text to YAML`,
    at: keyRange,
    hint: `write "${key}"`,
  });
}
