import type { Inventory } from '../config/inventory/model.ts';
import { mask } from '../core/secrets.ts';
import type { Data, Node } from '../core/node.ts';

/** The inventory in the form of `ansible-inventory --list`: groups, and all hosts' variables under _meta. */
export function listInventory(inventory: Inventory): Record<string, unknown> {
  const hostvars = Object.fromEntries(
    [...inventory.hosts.keys()]
      .map((host): [string, Record<string, Data>] => [host, variablesOf(inventory, host)])
      .filter(([, vars]) => Object.keys(vars).length > 0),
  );
  const groups = [...inventory.groups.keys()].map((name): [string, unknown] => {
    const children = inventory.childrenOf(name);
    const hosts = name === 'all' ? [] : inventory.ownHostsOf(name);
    return [
      name,
      { ...(children.length === 0 ? {} : { children }), ...(hosts.length === 0 ? {} : { hosts }) },
    ];
  });
  return { _meta: { hostvars }, ...Object.fromEntries(groups) };
}

/** A host's variables as written in the files: templates are not rendered. */
function variablesOf(inventory: Inventory, host: string): Record<string, Data> {
  const rising = [...inventory.layersOf(host)].reverse();
  const entries = rising.flatMap((layer) =>
    [...layer].flatMap(([name, variable]): [string, Data][] =>
      'node' in variable ? [[name, dataOf(variable.node)]] : [],
    ),
  );
  return Object.fromEntries(entries);
}

/** Data as Ansible prints it, which marks what is never rendered. */
function dataOf(node: Node): Data {
  switch (node.kind) {
    case 'scalar':
      if (node.ciphertext !== undefined) return { __ansible_vault: node.ciphertext };
      if (node.range.file.secret && typeof node.value === 'string') return mask;
      return node.verbatim ? { __ansible_unsafe: node.value } : node.value;
    case 'list':
      return node.items.map(dataOf);
    case 'map':
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, dataOf(value)]));
  }
}
