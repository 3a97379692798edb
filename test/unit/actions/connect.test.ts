import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connectionVariablesOf, givenWay } from '../../../src/actions/connect.ts';
import { loadHosts } from '../../../src/actions/load.ts';
import { becomeOf } from '../../../src/config/become.ts';
import { beforeTheRun, scopeOf } from '../../../src/config/host-variables.ts';
import { folderOf } from '../support.ts';

/** Variables of the host `a` of an inventory that gives it these. */
function variablesWith(vars: string, extraVars: readonly string[] = []) {
  const folder = folderOf({ 'hosts.yml': `all: { hosts: { a: { ${vars} } } }` });
  const input = { inventory: [join(folder, 'hosts.yml')], tags: [], skipTags: [], extraVars };
  return loadHosts('all', input).variables;
}

describe('the way to a host', () => {
  test('is what the names of Ansible say', () => {
    const vars = 'ansible_host: 192.0.2.1, ansible_port: 2222, ansible_user: joe, ansible_ssh_pass: x';
    expect(connectionVariablesOf(variablesWith(vars), 'a')).toEqual({
      host: '192.0.2.1',
      port: '2222',
      user: 'joe',
      password: 'x',
    });
  });

  test('is not what an application names alike', () => {
    const plain =
      'host: other, port: 5432, user: app, password: x, become_password: y, ssh_common_args: -J b, ssh_private_key_file: k';
    expect(connectionVariablesOf(variablesWith(plain, ['host=e2']), 'a')).toEqual({});
  });

  test('is SSH or local; another one is refused, with its place', () => {
    expect(givenWay(variablesWith(''), 'a')).toBe(undefined);
    expect(givenWay(variablesWith('ansible_connection: smart'), 'a')).toBe('ssh');
    expect(givenWay(variablesWith('ansible_connection: openssh'), 'a')).toBe('openssh');
    expect(givenWay(variablesWith('ansible_connection: ansible.builtin.local'), 'a')).toBe('local');
    expect(() => givenWay(variablesWith('ansible_connection: winrm'), 'a')).toThrow(
      /hosts\.yml:1:\d+ .*ansible_connection: winrm is not supported \(on a\)/,
    );
  });
});

describe('who tasks are done as', () => {
  const of = (vars: string) => {
    const scope = scopeOf(variablesWith(vars), 'a', () => beforeTheRun('no facts'));
    return becomeOf(scope, 'a');
  };

  test.each([
    ['{}', undefined, undefined, undefined],
    ['ansible_become: true', true, undefined, undefined],
    [
      "ansible_become: 'yes', ansible_become_user: postgres, ansible_become_method: sudo",
      true,
      'postgres',
      'sudo',
    ],
    ["ansible_become: 'False'", false, undefined, undefined],
    ['ansible_become_method: ansible.builtin.su', undefined, undefined, 'su'],
  ])('by %s', (vars, become, user, method) => {
    expect(of(vars === '{}' ? '' : vars)).toEqual({ become, user, method });
  });

  test.each([
    ['ansible_become: maybe', /ansible_become: is neither true nor false/],
    ['ansible_become_method: pbrun', /ansible_become_method: pbrun is not supported/],
  ])('and not by %s', (vars, problem) => {
    expect(() => of(vars)).toThrow(problem);
  });
});
