import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PatternError, selectHosts } from '../../../src/config/inventory/patterns.ts';
import { folderOf } from '../support.ts';
import { inventoryOf } from './support.ts';

const inventory = () => {
  const { inventory: loaded, problems } = inventoryOf({
    'hosts.yml': `
all:
  hosts: { spare: , "2001:db8::7": }
  children:
    etcd: { hosts: { "node[1:3]": } }
    postgres: { hosts: { "node[2:5]": } }
    haproxy: { hosts: { proxy.example.com: } }
    node1: { hosts: { spare: } }
`,
  });
  expect(problems).toEqual([]);
  return loaded;
};

describe('selectHosts', () => {
  test.each([
    ['all', ['spare', '2001:db8::7', 'node1', 'node2', 'node3', 'node4', 'node5', 'proxy.example.com']],
    ['*', ['spare', '2001:db8::7', 'node1', 'node2', 'node3', 'node4', 'node5', 'proxy.example.com']],
    ['etcd', ['node1', 'node2', 'node3']],
    ['node3', ['node3']],
    ['ungrouped', ['2001:db8::7']],
    ['haproxy:etcd', ['proxy.example.com', 'node1', 'node2', 'node3']],
    ['haproxy, etcd', ['proxy.example.com', 'node1', 'node2', 'node3']],
    ['etcd:postgres', ['node1', 'node2', 'node3', 'node4', 'node5']],
    ['etcd:&postgres', ['node2', 'node3']],
    ['&postgres:etcd', ['node2', 'node3']],
    ['etcd:!node3', ['node1', 'node2']],
    ['!etcd:postgres', ['node4', 'node5']],
    ['etcd:postgres:&postgres:!node3', ['node2', 'node4', 'node5']],
    ['!etcd', ['spare', '2001:db8::7', 'node4', 'node5', 'proxy.example.com']],
    ['node?', ['spare', 'node1', 'node2', 'node3', 'node4', 'node5']],
    ['node[!1-3]', ['node4', 'node5']],
    ['*.example.com', ['proxy.example.com']],
    ['proxyXexample*', []],
    ['post*', ['node2', 'node3', 'node4', 'node5']],
    ['~node[24]', ['node2', 'node4']],
    ['~(proxy|spare)', ['spare', 'proxy.example.com']],
    ['~example', []],
    ['~(?i)NODE[24]', ['node2', 'node4']],
    ['~(?P<name>node)[24]\\Z', ['node2', 'node4']],
    ['haproxy  etcd', ['proxy.example.com', 'node1', 'node2', 'node3']],
    ['etcd[0]', ['node1']],
    ['etcd[-1]', ['node3']],
    ['etcd[1:]', ['node2', 'node3']],
    ['postgres[0:1]', ['node2', 'node3']],
    ['postgres[0-1]', ['node2', 'node3']],
    ['postgres[2:0]', ['node4']],
    ['postgres[-6]', []],
    ['etcd[7]', []],
    ['etcd:!etcd[0]', ['node2', 'node3']],
    ['2001:db8::7', ['2001:db8::7']],
    ['etcd,2001:db8::7', ['node1', 'node2', 'node3', '2001:db8::7']],
    ['all,!2001:db8::7,!postgres', ['spare', 'node1', 'proxy.example.com']],
  ])('%s', (pattern, hosts) => {
    expect(selectHosts(inventory(), pattern)).toEqual(hosts);
  });

  test.each([
    ['node1', ['node1']],
    ['etcd:!node1', ['node1', 'node2', 'node3']],
    ['*:&node1', ['spare']],
  ])('%s: a name is a host before it is a group, but not where it narrows or excludes', (pattern, hosts) => {
    expect(selectHosts(inventory(), pattern)).toEqual(hosts);
  });

  test('@file has a pattern a line', () => {
    const folder = folderOf({ 'retry.txt': '# failed\nnode2\n\n  haproxy  \n' });
    expect(selectHosts(inventory(), `@${join(folder, 'retry.txt')}`)).toEqual(['node2', 'proxy.example.com']);
  });

  test.each([
    ['etdc', 'no host or group "etdc"', 'there are: '],
    ['postgress', 'no host or group "postgress"', 'did you mean "postgres"?'],
    ['etcd:!nodee2', 'no host or group "nodee2"', 'did you mean "node2"?'],
    ['web[0]', 'no host or group "web"', 'there are: '],
    ['etcd[-2:]', '"etcd[-2:]" is no subscript', 'there are [N], [-N], [FIRST:] and [FIRST:LAST]'],
    ['etcd[1:-1]', '"etcd[1:-1]" is no subscript', 'there are [N], [-N], [FIRST:] and [FIRST:LAST]'],
    ['~(a', '"~(a" is not a pattern', 'its brackets do not match'],
    ['node[', '"node[" is not a pattern', 'its brackets do not match'],
    ['@/nowhere/at/all', '@/nowhere/at/all: there is no such file', undefined],
  ])('%s is refused', (pattern, message, hint) => {
    let error: unknown;
    try {
      selectHosts(inventory(), pattern);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(PatternError);
    expect((error as PatternError).message).toBe(message);
    if (hint === undefined) expect((error as PatternError).hint).toBeUndefined();
    else expect((error as PatternError).hint).toContain(hint);
  });

  describe('laws', () => {
    const part = fc.constantFrom(
      'etcd',
      'postgres',
      'haproxy',
      'node2',
      'node*',
      'all',
      'etcd[1:]',
      '~node[13]',
    );
    const known = inventory;

    test('& is the intersection and ! the difference, in the order of what comes first', () => {
      const all = known();
      fc.assert(
        fc.property(part, part, (one, other) => {
          const [left, right] = [selectHosts(all, one), selectHosts(all, other)];
          expect(selectHosts(all, `${one}:&${other}`)).toEqual(left.filter((host) => right.includes(host)));
          expect(selectHosts(all, `${one}:!${other}`)).toEqual(left.filter((host) => !right.includes(host)));
          expect(new Set(selectHosts(all, `${one}:${other}`))).toEqual(new Set([...left, ...right]));
        }),
      );
    });

    test('no host is selected twice', () => {
      const all = known();
      fc.assert(
        fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
          const hosts = selectHosts(all, parts.join(':'));
          expect(new Set(hosts).size).toBe(hosts.length);
        }),
      );
    });
  });
});
