import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadRun, type InputOptions } from '../../../src/actions/load.ts';
import { InvalidInputError } from '../../../src/core/errors.ts';
import { folderOf, told } from '../support.ts';

const inventory = `
all:
  hosts: { node1: , node2: { extra: 1 } }
  children: { web: { hosts: { node1: } } }
`.trimStart();

/** What is wrong with a run of these files; `hosts.yml` and `p.yml` are its inventory and playbook. */
function problemsOf(files: Readonly<Record<string, string>>, options: Partial<InputOptions> = {}): string[] {
  const folder = folderOf({ 'hosts.yml': inventory, ...files });
  const input = { inventory: [join(folder, 'hosts.yml')], tags: [], skipTags: [], extraVars: [], ...options };
  try {
    loadRun(join(folder, 'p.yml'), input, false);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return told(error.diagnostics, folder);
  }
}

const play = (tasks: string, hosts = 'all') =>
  `- hosts: ${hosts}\n  tasks:\n${tasks.replace(/^(?=.)/gm, '    ')}\n`;

describe('names of variables are checked before any host is asked', () => {
  test.each([
    [
      'in a parameter',
      '- debug: { msg: "{{ inventory_hostnam }}" }',
      ['p.yml:3:25 unknown variable "inventory_hostnam" -> did you mean "inventory_hostname"?'],
    ],
    ['in when', '- { debug: , when: nobody }', ['p.yml:3:24 unknown variable "nobody"']],
    ['in loop', '- { debug: , loop: "{{nobody}}" }', ['p.yml:3:27 unknown variable "nobody"']],
    ['in name', '- { debug: , name: "{{nobody}}" }', ['p.yml:3:27 unknown variable "nobody"']],
    [
      'in environment',
      '- { command: x, environment: { A: "{{nobody}}" } }',
      ['p.yml:3:42 unknown variable "nobody"'],
    ],
    ['in an assertion', '- assert: { that: [nobody] }', ['p.yml:3:24 unknown variable "nobody"']],
    ['in until', '- { command: x, until: nobody }', ['p.yml:3:28 unknown variable "nobody"']],
    [
      'on some hosts only',
      '- debug: { msg: "{{extra}}" }',
      ['p.yml:3:24 unknown variable "extra" (on node1)'],
    ],
  ])('%s', (_, tasks, problems) => {
    expect(problemsOf({ 'p.yml': play(tasks) })).toEqual(problems);
  });

  test('in a template, and in a variable that a variable names', () => {
    expect(
      problemsOf({
        'p.yml': `- hosts: all
  vars: { a: "{{b}}", b: "{{c}}" }
  tasks: [{ template: { src: t.hbs, dest: /t } }]
`,
        't.hbs': 'one\n{{#each a as |x|}}{{x}}{{../d}}{{@root.e}}{{/each}}\n',
      }),
    ).toEqual([
      'p.yml:2:29 unknown variable "c"',
      't.hbs:2:26 unknown variable "d"',
      't.hbs:2:34 unknown variable "e"',
    ]);
  });

  test.each([
    [
      'default and defined take care of them',
      '- debug: { msg: "{{default nobody 1}}{{#if (defined other)}}{{other}}{{/if}}" }',
    ],
    ['facts come later', '- debug: { msg: "{{facts.distro}}" }'],
    ['register names one', '- { command: x, register: r, until: r.rc }\n- debug: { msg: "{{r.stdout}}" }'],
    ['set_fact names one', '- set_fact: { f: 1 }\n- debug: { msg: "{{f}}" }'],
    ['a loop has its own', '- { debug: { msg: "{{item}} {{loop_index}}" }, loop: [1] }'],
    ['a loop may rename its own', '- { debug: { msg: "{{x}}" }, loop: [1], loop_control: { loop_var: x } }'],
    ['a task has its own', '- { debug: { msg: "{{v}}" }, vars: { v: 1 } }'],
    ['verbatim text has none', '- debug: { msg: !unsafe "{{nobody}}" }'],
  ])('%s', (_, tasks) => {
    expect(problemsOf({ 'p.yml': play(tasks) })).toEqual([]);
  });

  test('a result is known to the tasks after it, not to those before', () => {
    expect(
      problemsOf({ 'p.yml': play('- debug: { msg: "{{r.rc}}" }\n- { command: x, register: r }') }),
    ).toEqual(['p.yml:3:24 unknown variable "r"']);
  });
});

describe('hosts', () => {
  test('a pattern that names nobody', () => {
    expect(problemsOf({ 'p.yml': play('- debug:', 'webb') })).toEqual([
      'p.yml:1:10 no host or group "webb" -> did you mean "web"?',
    ]);
  });

  test('a limit that names nobody, or leaves nobody', () => {
    const files = { 'p.yml': play('- debug:', 'web') };
    expect(problemsOf(files, { limit: 'node3' })).toEqual([
      'no host or group "node3" -> did you mean "node1"?',
    ]);
    expect(problemsOf(files, { limit: 'node2' })).toEqual([expect.stringMatching(/^no hosts matched -> /)]);
    expect(problemsOf(files, { limit: 'node1' })).toEqual([]);
  });
});

test('a tag that no task has', () => {
  const files = { 'p.yml': play('- { debug: , tags: fast }') };
  expect(problemsOf(files, { tags: ['fats'], skipTags: ['never'] })).toEqual([
    'no task has the tag "fats" -> there are: all, always, fast, never, tagged, untagged',
  ]);
});

describe('declared variables', () => {
  const declarations = `
namespaces: [db_]
variables:
  db_port: { type: integer, default: 5432, minimum: 1, maximum: 65535, unit: ports, help: h }
  db_name: { type: text, pattern: '[a-z]+', default: main, help: h }
  db_mode: { type: text, choices: [fast, safe], default: safe, help: h }
  db_list: { type: list, default: [], help: h }
  db_map: { type: map, default: {}, help: h }
  db_on: { type: boolean, default: false, help: h }
  db_ratio: { type: number, default: 0.5, help: h }
  db_version: { type: version, default: 1, help: h }
  db_from_facts: { type: text, default: '{{facts.distro}}', help: h }
  db_password: { type: secret, help: h }
`;
  const withVars = (vars: string, more: Readonly<Record<string, string>> = {}) => ({
    'p.yml': play('- debug: { msg: "{{db_port}} {{db_password}}" }'),
    'variables.yml': declarations,
    'hosts.yml': `all:\n  hosts: { node1: , node2: }\n  vars:\n    ${vars}\n`,
    ...more,
  });

  test.each([
    ['db_port: 99999', ['hosts.yml:4:14 db_port must be at most 65535 ports']],
    ['db_port: 0', ['hosts.yml:4:14 db_port must be at least 1 ports']],
    ['db_port: "5432"', ['hosts.yml:4:14 db_port must be a whole number']],
    ['db_port: 1.5', ['hosts.yml:4:14 db_port must be a whole number']],
    ['db_port:', ['hosts.yml:4:13 db_port has no value']],
    ['db_name: Main', ['hosts.yml:4:14 db_name must match [a-z]+']],
    ['db_name: 5', ['hosts.yml:4:14 db_name must be text']],
    ['db_mode: quick', ['hosts.yml:4:14 db_mode must be one of fast, safe']],
    ['db_list: {}', ['hosts.yml:4:14 db_list must be a list']],
    ['db_map: []', ['hosts.yml:4:13 db_map must be a map']],
    ['db_on: 1', ['hosts.yml:4:12 db_on must be true or false']],
    ['db_ratio: much', ['hosts.yml:4:15 db_ratio must be a number']],
    ['db_version: []', ['hosts.yml:4:17 db_version must be a version']],
    ['db_prot: 1', ['hosts.yml:4:5 unknown variable "db_prot" -> did you mean "db_port"?']],
    [
      'db_frobnicate: 1',
      [
        'hosts.yml:4:5 unknown variable "db_frobnicate" -> docs/variables.md lists the variables of these playbooks',
      ],
    ],
    ['other_prot: 1', []],
    ['db_port: "{{add 5000 432}}"', []],
    ['db_port: "{{nobody}}"', ['hosts.yml:4:17 unknown variable "nobody"']],
    ['db_name: "{{upper db_name}}"', ['hosts.yml:4:14 "db_name" refers to itself: db_name -> db_name']],
    ['{ db_port: 5433, db_mode: fast, db_version: 1.10, db_ratio: 2 }', []],
  ])('%s', (vars, problems) => {
    expect(problemsOf(withVars(vars))).toEqual(problems);
  });

  test('a value that is wrong on some hosts only names them; one that is wrong on all is told once', () => {
    const files = withVars('db_on: 3', { 'host_vars/node2.yml': 'db_port: none\ndb_nmae: x' });
    expect(problemsOf(files)).toEqual([
      'host_vars/node2.yml:2:1 unknown variable "db_nmae" -> did you mean "db_name"?',
      'hosts.yml:4:12 db_on must be true or false',
      'host_vars/node2.yml:1:10 db_port must be a whole number (on node2)',
    ]);
  });

  test('-e holds to the same; name=value of a declared number or boolean is read as YAML would', () => {
    expect(problemsOf(withVars('db_on: true'), { extraVars: ['{"db_port": 0}'] })).toEqual([
      '-e:1:13 db_port must be at least 1 ports',
    ]);
    expect(
      problemsOf(withVars('db_on: true'), { extraVars: ['db_port=5433 db_on=no db_ratio=1.5'] }),
    ).toEqual([]);
    expect(problemsOf(withVars('db_on: true'), { extraVars: ['db_port=0 db_on=3'] })).toEqual([
      '-e:1:1 db_port must be at least 1 ports',
      '-e:1:11 db_on must be true or false',
    ]);
    expect(problemsOf(withVars('db_on: true'), { extraVars: ['db_port=many'] })).toEqual([
      '-e:1:1 db_port must be a whole number',
    ]);
  });

  test('a default of its own that does not fit is told where it stands', () => {
    const files = withVars('db_on: true', {
      'variables.yml':
        'variables:\n  x: { type: integer, default: many, help: h }\n  db_port: { type: text, default: p, help: h }\n  db_password: { type: secret, help: h }\n  db_on: { type: boolean, help: h }\n',
    });
    expect(problemsOf(files)).toEqual(['variables.yml:2:32 x must be a whole number']);
  });

  test.each([
    [
      'variables: { x: { type: integr, help: h } }',
      ['variables.yml:1:25 type must be one of text, integer, number, boolean, list, map, version, secret'],
    ],
    ['variables: { x: { type: text } }', ['variables.yml:1:17 help is missing']],
    [
      'variables: { x: { type: text, help: h, defualt: 1 } }',
      ['variables.yml:1:40 unknown key "defualt" -> did you mean "default"?'],
    ],
    [
      'variables: { x: { type: text, help: h, effect: reboot } }',
      [expect.stringMatching(/^variables\.yml:1:48 effect must be one of none, reload, /)],
    ],
    ['namespaces: [x_]', ['variables.yml:1:1 variables: is missing']],
    ['{ namespaces: x_, variables: {} }', ['variables.yml:1:15 must be a list']],
  ])('declared as %s', (text, problems) => {
    expect(problemsOf({ 'p.yml': play('- debug:'), 'variables.yml': text })).toEqual(problems);
  });
});

test('what is wrong in inventory, playbook, variables and limit is told together', () => {
  const problems = problemsOf(
    {
      'hosts.yml': 'all: { hosts: { node1: { db_prot: 1 } }, vrs: {} }',
      'p.yml': play('- comand: x\n- debug: { msg: "{{nobody}}" }', 'all:wbe'),
      'variables.yml':
        'namespaces: [db_]\nvariables: { db_port: { type: text, default: x, help: h, choices: [y] } }',
    },
    { limit: 'nod1', extraVars: ['x'] },
  );
  expect(problems.map((line) => line.replace(/ -> .*/, '')).sort()).toEqual([
    '-e:1:1 "x" is not name=value',
    'hosts.yml:1:26 unknown variable "db_prot"',
    'hosts.yml:1:42 unknown key "vrs" in the group "all"',
    'no host or group "nod1"',
    'p.yml:1:10 no host or group "wbe"',
    'p.yml:3:7 unknown module or keyword "comand"',
    'variables.yml:2:46 db_port must be one of y',
  ]);
});
