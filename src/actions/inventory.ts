import type { Inventory } from '../config/inventory/model.ts';
import { toData, type Data } from '../core/node.ts';

/** The inventory in the form of `ansible-inventory --list`: groups, and all hosts' variables under _meta. */
export function listInventory(inventory: Inventory): Record<string, unknown> {
  const hostvars = Object.fromEntries(
    [...inventory.hosts.keys()]
      .map((host): [string, Record<string, Data>] => [host, variablesOf(inventory, host)])
      .filter(([, vars]) => Object.keys(vars).length > 0),
  );
  const groups = [...inventory.groups.values()].map((group): [string, unknown] => {
    const children = group.name === 'all' ? topGroups(inventory) : [...group.children];
    const hosts = group.name === 'ungrouped' ? inventory.hostsOf('ungrouped') : [...group.hosts];
    return [
      group.name,
      { ...(children.length === 0 ? {} : { children }), ...(hosts.length === 0 ? {} : { hosts }) },
    ];
  });
  return { _meta: { hostvars }, ...Object.fromEntries(groups) };
}

function topGroups(inventory: Inventory): string[] {
  const own = [...inventory.groups.keys()].filter(
    (name) => name !== 'all' && inventory.parentsOf(name).includes('all'),
  );
  return ['ungrouped', ...own.filter((name) => name !== 'ungrouped')];
}

/** A host's variables as written in the files: templates are not rendered. */
function variablesOf(inventory: Inventory, host: string): Record<string, Data> {
  const rising = [...inventory.layersOf(host)].reverse();
  const entries = rising.flatMap((layer) =>
    [...layer].flatMap(([name, variable]): [string, Data][] =>
      'node' in variable ? [[name, toData(variable.node)]] : [],
    ),
  );
  return Object.fromEntries(entries);
}
