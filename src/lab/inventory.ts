import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Problems, readYaml } from '../config/files.ts';
import { loadInventory } from '../config/inventory/load.ts';
import { stringifyYaml } from '../config/write-yaml.ts';
import { InvalidInputError } from '../core/errors.ts';
import { toData, type Data } from '../core/node.ts';
import { subnetOf, type LabNames } from './names.ts';

/** What says how to reach a host, and so is not the lab's. */
const addressing =
  /^ansible_(host|port|user|password|connection|ssh_\w+|private_key_file|become_\w+)$|^(internal|client)_address$/;

export interface LabHost {
  readonly name: string;
  readonly address: string;
}

/** The hosts of an inventory with addresses in the lab's network, in the inventory's order. */
export function planHosts(source: string, names: LabNames): LabHost[] {
  const problems = new Problems();
  const inventory = loadInventory([source], [], problems);
  if (problems.list.length > 0) throw new InvalidInputError(problems.list);
  const { prefix } = subnetOf(names.lab);
  return [...inventory.hosts.keys()].map((name, index) => ({ name, address: `${prefix}.${11 + index}` }));
}

/** Writes the lab's inventory: the source's groups and variables, the lab's addresses, key and known_hosts. */
export function writeInventory(source: string, hosts: readonly LabHost[], names: LabNames): string {
  const problems = new Problems();
  const root = readYaml(source, problems);
  const data = withoutAddresses(root ? toData(root) : {}) as { all?: Record<string, Data> } & Record<
    string,
    Data
  >;
  const all = (data.all ??= {});
  const given = asMap(all['hosts']);
  all['hosts'] = Object.fromEntries(
    hosts.map(({ name, address }) => [name, { ...asMap(given[name]), ansible_host: address }]),
  );
  all['vars'] = {
    ...asMap(all['vars']),
    ansible_user: 'root',
    ansible_ssh_private_key_file: join(names.runFolder, 'key'),
    ansible_ssh_common_args: `-o UserKnownHostsFile=${join(names.runFolder, 'known_hosts')}`,
    // softdog can't be loaded in a container.
    watchdog_mode: 'automatic',
  };
  const path = join(names.runFolder, 'inventory.yml');
  writeFileSync(path, stringifyYaml(data), { mode: 0o600 });
  for (const folder of ['group_vars', 'host_vars']) {
    const beside = join(dirname(source), folder);
    if (existsSync(beside)) cpSync(beside, join(names.runFolder, folder), { recursive: true });
  }
  return path;
}

function asMap(data: Data | undefined): Record<string, Data> {
  return data !== null && typeof data === 'object' && !Array.isArray(data) ? data : {};
}

function withoutAddresses(data: Data): Data {
  if (data === null || typeof data !== 'object' || Array.isArray(data)) return data;
  return Object.fromEntries(
    Object.entries(data)
      .filter(([key]) => !addressing.test(key))
      .map(([key, value]) => [key, withoutAddresses(value)]),
  );
}
