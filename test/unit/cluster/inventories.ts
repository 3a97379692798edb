import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadRun, type InputOptions } from '../../../src/actions/load.ts';
import { InvalidInputError } from '../../../src/core/errors.ts';
import { folderOf, told } from '../support.ts';

const site = fileURLToPath(new URL('../../../playbooks/hosts.yml', import.meta.url));

interface Parts {
  /** Lines under `vars:`, from the fourth line of the file on, each with six columns before its name. */
  readonly vars?: string;
  readonly hosts?: Readonly<Record<string, string>>;
  readonly groups?: Readonly<Record<string, readonly string[]>>;
}

const three = { node1: '10.0.0.1', node2: '10.0.0.2', node3: '10.0.0.3', proxy: '10.0.0.9' };

/** An inventory: by default of three nodes and a proxy. */
export function inventoryOf({ vars = '', hosts = {}, groups = {} }: Parts): string {
  const all = Object.entries({
    ...Object.fromEntries(Object.entries(three).map(([name, address]) => [name, `ansible_host: ${address}`])),
    ...hosts,
  });
  const members = {
    etcd: ['node1', 'node2', 'node3'],
    postgres: ['node1', 'node2', 'node3'],
    haproxy: ['proxy'],
    ...groups,
  };
  return [
    'all:',
    '  vars:',
    '    cluster_name: demo',
    ...vars.split('\n').map((line) => `    ${line}`),
    '  hosts:',
    ...all.map(([name, own]) => `    ${name}: { ${own} }`),
    '  children:',
    ...Object.entries(members).map(
      ([group, names]) => `    ${group}: { hosts: { ${names.map((name) => `${name}: `).join(', ')} } }`,
    ),
    '',
  ].join('\n');
}

/** What is wrong with an inventory of a cluster, in the form of `told`. */
export function problemsOfCluster(parts: Parts, options: Partial<InputOptions> = {}): string[] {
  return problemsOfFiles({ 'hosts.yml': inventoryOf(parts) }, options);
}

/** The same of files, of which `hosts.yml` is the inventory. */
export function problemsOfFiles(
  files: Readonly<Record<string, string>>,
  options: Partial<InputOptions> = {},
  playbook = site,
): string[] {
  const folder = folderOf(files);
  const input = { inventory: [join(folder, 'hosts.yml')], tags: [], skipTags: [], extraVars: [], ...options };
  try {
    loadRun(playbook, input, false);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return told(error.diagnostics, folder);
  }
}
