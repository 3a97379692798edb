import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Problems } from '../../../src/config/files.ts';
import { loadInventory } from '../../../src/config/inventory/load.ts';
import { withSuite } from '../../../src/lab/image.ts';
import { planHosts, writeInventory } from '../../../src/lab/inventory.ts';
import { namesOf, subnetOf, type LabNames } from '../../../src/lab/names.ts';
import { variablesOf } from '../config/support.ts';
import { folderOf } from '../support.ts';

describe('names', () => {
  test.each(['a', 'demo', 'lab12345'])('%s is a name of a lab', (name) => {
    const names = namesOf(name);
    // The kernel takes names of interfaces up to 15 characters.
    expect(names.bridge.length).toBeLessThanOrEqual(15);
    expect(names.cable('a-host-with-a-rather-long-name').length).toBeLessThanOrEqual(15);
    expect([names.runFolder, names.dataFolder].every((path) => path.endsWith(`/${name}`))).toBe(true);
  });

  test.each(['', '1lab', 'Lab', 'a-b', 'toolongaa', '../x', 'a b'])('%j is none', (name) => {
    expect(() => namesOf(name)).toThrow(`"${name}" is not a lab name`);
  });

  test('hosts and labs have cables of their own', () => {
    const cables = ['one', 'two'].flatMap((lab) => ['n1', 'n2'].map((host) => namesOf(lab).cable(host)));
    expect(new Set(cables).size).toBe(4);
  });

  test.each(['a', 'demo', 'x', 'lab7'])('the network of %s is one of those set aside for tests', (name) => {
    const { prefix, gateway } = subnetOf(name);
    expect(prefix).toMatch(/^198\.18\.([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/);
    expect(gateway).toBe(`${prefix}.1`);
    expect(subnetOf(name)).toEqual({ prefix, gateway });
  });
});

test('another release comes from the mirrors of this machine', () => {
  const sources = `Types: deb
URIs: http://deb.debian.org/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://deb.debian.org/debian-security
Suites: bookworm-security
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`;
  expect(withSuite(sources, 'trixie')).toBe(sources.replaceAll('bookworm', 'trixie'));
  expect(withSuite(sources, 'bookworm')).toBe(sources);
});

describe('the inventory of a lab', () => {
  const source = `
all:
  vars: { ansible_user: admin, ansible_port: 2222, cluster_name: demo, watchdog_mode: required }
  hosts:
    n1: { ansible_host: 10.0.0.1, internal_address: 192.168.0.1, zone: a, patroni_tags: { nofailover: true } }
    n2: { ansible_ssh_host: 10.0.0.2, ansible_become_password: secret }
  children:
    postgres: { hosts: { n1: , n2: , n3: { ansible_host: 10.0.0.3, mode: '0644' } }, vars: { postgres_port: 6432 } }
`;

  test('has the hosts, groups and variables of its source, and the lab’s addresses and key', () => {
    const folder = folderOf({ 'in/hosts.yml': source, 'in/group_vars/all.yml': 'beside: 1', 'run/x': '' });
    const names: LabNames = { ...namesOf('unit'), runFolder: join(folder, 'run') };
    const { prefix } = subnetOf('unit');
    const hosts = planHosts(join(folder, 'in/hosts.yml'), names);
    expect(hosts).toEqual(['n1', 'n2', 'n3'].map((name, at) => ({ name, address: `${prefix}.${11 + at}` })));
    const path = writeInventory(join(folder, 'in/hosts.yml'), hosts, names);
    const problems = new Problems();
    const inventory = loadInventory([path], [], problems);
    expect(problems.list).toEqual([]);
    expect(inventory.hostsOf('postgres')).toEqual(['n1', 'n2', 'n3']);
    const common = {
      ansible_user: 'root',
      ansible_ssh_private_key_file: join(folder, 'run/key'),
      ansible_ssh_common_args: `-o UserKnownHostsFile=${join(folder, 'run/known_hosts')}`,
      watchdog_mode: 'automatic',
      cluster_name: 'demo',
      postgres_port: 6432,
      beside: 1,
    };
    expect(variablesOf(inventory, 'n1')).toEqual({
      ...common,
      ansible_host: `${prefix}.11`,
      zone: 'a',
      patroni_tags: { nofailover: true },
    });
    expect(variablesOf(inventory, 'n2')).toEqual({ ...common, ansible_host: `${prefix}.12` });
    expect(variablesOf(inventory, 'n3')).toEqual({ ...common, ansible_host: `${prefix}.13`, mode: '0644' });
    expect(readFileSync(path, 'utf8')).not.toContain('secret');
  });
});
