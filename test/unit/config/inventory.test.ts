import { describe, expect, test } from 'vitest';
import { join } from 'node:path';
import { Problems } from '../../../src/config/files.ts';
import { loadInventory } from '../../../src/config/inventory/load.ts';
import { positionOf } from '../../../src/core/source.ts';
import { folderOf, told } from '../support.ts';
import { inventoryOf, variablesOf } from './support.ts';

const cluster = `
all:
  hosts:
    node[1:3]:
    lonely: { colour: grey }
  vars: { colour: white, ansible_user: root }
  children:
    etcd:
      hosts: { "node[1:2]": }
    database:
      children:
        postgres:
          hosts:
            node2: { ansible_host: 10.0.0.2 }
            node3:
          vars: { colour: red }
      vars: { colour: blue, port: 5432 }
`;

describe('hosts and groups', () => {
  const load = () => inventoryOf({ 'hosts.yml': cluster });

  test('load without problems', () => {
    expect(load().problems).toEqual([]);
  });

  test.each([
    ['all', ['node1', 'node2', 'node3', 'lonely']],
    ['etcd', ['node1', 'node2']],
    ['database', ['node2', 'node3']],
    ['postgres', ['node2', 'node3']],
    ['ungrouped', ['lonely']],
    ['nobody', []],
  ])('%s', (group, hosts) => {
    expect(load().inventory.hostsOf(group)).toEqual(hosts);
  });

  test.each([
    ['node2', ['all', 'database', 'etcd', 'postgres']],
    ['lonely', ['all', 'ungrouped']],
  ])('groups of %s, the more general first', (host, groups) => {
    expect(load().inventory.groupsOf(host)).toEqual(groups);
  });

  test('a host has the variables of its groups, those of the nearest strongest', () => {
    const { inventory } = load();
    expect(variablesOf(inventory, 'node2')).toEqual({
      ansible_user: 'root',
      ansible_host: '10.0.0.2',
      colour: 'red',
      port: 5432,
    });
    expect(variablesOf(inventory, 'node1')).toEqual({ ansible_user: 'root', colour: 'white' });
    expect(variablesOf(inventory, 'lonely')).toEqual({ ansible_user: 'root', colour: 'grey' });
  });
});

test('a host that is left out is in no group, and where it stood is known', () => {
  const { inventory } = inventoryOf({ 'hosts.yml': cluster });
  const { places = [] } = inventory.hosts.get('node2') ?? {};
  expect(places.map(({ group, at }) => [group, positionOf(at.file, at.start).line])).toEqual([
    ['all', 4],
    ['etcd', 9],
    ['postgres', 14],
  ]);
  inventory.leaveOut('node2');
  expect([...inventory.hosts.keys()]).toEqual(['node1', 'node3', 'lonely']);
  expect(inventory.hostsOf('etcd')).toEqual(['node1']);
  expect(inventory.hostsOf('database')).toEqual(['node3']);
});

test('groups may stand at the top, be told in pieces, and name children that are told elsewhere', () => {
  const { inventory, problems } = inventoryOf({
    'hosts.yml': `
web: { hosts: { a: } }
site: { children: { web: , db: } }
db: { hosts: { b: , c: { x: 1 } } }
`,
  });
  expect(problems).toEqual([]);
  expect(inventory.hostsOf('site')).toEqual(['a', 'b', 'c']);
});

describe('which variable wins', () => {
  const places: readonly (readonly [string, string, string])[] = [
    ['group all in the inventory', 'hosts.yml', ''],
    ['a group in the inventory', '', ''],
    ['group_vars/all', 'group_vars/all.yml', 'v: group_vars/all'],
    ['group_vars of the group', 'group_vars/web.yml', 'v: group_vars/web'],
    ['the host in the inventory', '', ''],
    ['host_vars', 'host_vars/a.yml', 'v: host_vars'],
  ];

  // Each step takes the strongest place away.
  test.each([
    [6, 'host_vars'],
    [5, 'host'],
    [4, 'group_vars/web'],
    [3, 'group_vars/all'],
    [2, 'web'],
    [1, 'all'],
  ])('of the %i weakest places: %s', (count, winner) => {
    const has = (place: number) => place <= count;
    const files = Object.fromEntries(
      places
        .filter(([, file, text], index) => file !== '' && text !== '' && has(index + 1))
        .map(([, file, text]) => [file, text]),
    );
    const { inventory, problems } = inventoryOf({
      'hosts.yml': `
all:
  vars: { v: all }
  children:
    web:
      vars: { ${has(2) ? 'v: web' : ''} }
      hosts: { a: { ${has(5) ? 'v: host' : ''} } }
`,
      ...files,
    });
    expect(problems).toEqual([]);
    expect(variablesOf(inventory, 'a')['v']).toBe(winner);
  });

  test('of groups at the same depth the later in the alphabet, unless ansible_group_priority says otherwise', () => {
    const groups = (priority: string) => `
all:
  children:
    alpha: { hosts: { a: }, vars: { v: alpha${priority} } }
    beta: { hosts: { a: }, vars: { v: beta } }
`;
    const winner = (text: string) => variablesOf(inventoryOf({ 'hosts.yml': text }).inventory, 'a')['v'];
    expect(winner(groups(''))).toBe('beta');
    expect(winner(groups(', ansible_group_priority: 10'))).toBe('alpha');
  });

  test('variables beside the playbook are stronger than those beside the inventory', () => {
    const { inventory } = inventoryOf(
      {
        'inventory/hosts.yml': 'all: { hosts: { a: } }',
        'inventory/group_vars/all.yml': 'v: inventory\nw: inventory',
        'playbooks/group_vars/all.yml': 'v: playbook',
      },
      ['playbooks'],
    );
    expect(variablesOf(inventory, 'a')).toEqual({ v: 'playbook', w: 'inventory' });
  });

  test('a folder of group_vars is one file after the other; names with dots, backups and hidden files', () => {
    const { inventory } = inventoryOf({
      'hosts.yml': 'all: { hosts: { a.example.com: } }',
      'group_vars/all/10-first.yml': 'v: first\nw: first',
      'group_vars/all/20-second.yaml': 'v: second',
      'group_vars/all/.hidden.yml': 'v: hidden',
      'group_vars/all/30-third.yml~': 'v: backup',
      'group_vars/all/40-fourth.bak': 'v: backup',
      'group_vars/all/50-fifth.txt': 'v: notes',
      'group_vars/all/60-more/deep/x': 'u: deep',
      'group_vars/all/70.d/x.yml': 'v: of a folder with an ending',
      // Only the first of a name's files counts.
      'host_vars/a.example.com': 'x: host\n',
      'host_vars/a.example.com.json': '{ "y": "json" }',
      // Nobody's.
      'host_vars/b.example.com.yml': '- broken',
    });
    expect(variablesOf(inventory, 'a.example.com')).toEqual({
      v: 'second',
      w: 'first',
      u: 'deep',
      x: 'host',
    });
  });

  test('a host that several groups name has what all of them say of it, the last strongest', () => {
    const { inventory } = inventoryOf({
      'hosts.yml': 'web: { hosts: { a: { x: 1, y: 1 } } }\ndb: { hosts: { a: { y: 2 } } }',
    });
    expect(variablesOf(inventory, 'a')).toEqual({ x: 1, y: 2 });
  });
});

describe('several sources', () => {
  test('lists of hosts and files go together', () => {
    const folder = folderOf({ 'hosts.yml': 'web: { hosts: { a: } }' });
    const problems = new Problems();
    const inventory = loadInventory(['x[1:2],y', join(folder, 'hosts.yml')], [], problems);
    expect(problems.list).toEqual([]);
    expect(inventory.hostsOf('all')).toEqual(['x1', 'x2', 'y', 'a']);
    expect(inventory.folder).toBe(process.cwd());
  });

  test('what is wrong in any of them is told together', () => {
    const folder = folderOf({ 'one.yml': 'all: 5', 'two.yml': 'all: { hostz: {} }', 'sub/x': '[a' });
    const problems = new Problems();
    const sources = ['one.yml', 'two.yml', 'three.yml', 'sub'].map((name) => join(folder, name));
    loadInventory(sources, [], problems);
    expect(told(problems.list, folder)).toEqual([
      'one.yml:1:6 the group "all" must be a map with hosts, children, vars',
      'two.yml:1:8 unknown key "hostz" in the group "all" -> did you mean "hosts"?',
      'three.yml: there is no such file',
      'sub/x:1:1 "[a" is not a host name',
    ]);
  });
});

describe('what is refused, with its place', () => {
  test.each([
    ['a list of hosts', 'all:\n  hosts: [a, b]', ['hosts.yml:2:10 hosts must be a map']],
    [
      'a host that is no map',
      'all: { hosts: { a: 10.0.0.1 } }',
      ['hosts.yml:1:20 the host "a" must be a map of variables'],
    ],
    [
      'a host name no pattern could name',
      'all: { hosts: { "a b": , "c*": } }',
      ['hosts.yml:1:17 "a b" is not a host name', 'hosts.yml:1:26 "c*" is not a host name'],
    ],
    ['a range that runs backwards', 'all:\n  hosts:\n    node[3:1]:', ['hosts.yml:3:5 [3:1] runs backwards']],
    ['a list of groups', '- all', ['hosts.yml:1:1 an inventory is a map of groups, or INI']],
    [
      'groups that contain each other',
      'a: { children: { b: } }\nb: { children: { c: } }\nc: { children: { a: } }',
      ['hosts.yml:1:1 groups contain each other: a -> b -> c -> a'],
    ],
    [
      'a key given twice',
      'all: {}\nall: {}',
      ['hosts.yml:2:1 "all" is given twice -> only one of them can hold'],
    ],
  ])('%s', (_, text, expected) => {
    expect(inventoryOf({ 'hosts.yml': text }).problems).toEqual(expected);
  });

  test('a file of variables that is a list', () => {
    const { problems } = inventoryOf({ 'hosts.yml': 'all: { hosts: { a: } }', 'group_vars/all.yml': '- x' });
    expect(problems).toEqual(['group_vars/all.yml:1:1 a file of variables is one map']);
  });
});
