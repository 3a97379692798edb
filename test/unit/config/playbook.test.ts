import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Problems } from '../../../src/config/files.ts';
import { rollingNames } from '../../../src/cluster/guide.ts';
import { loadPlaybook } from '../../../src/config/playbook/load.ts';
import { tasksOf, type Task } from '../../../src/config/playbook/model.ts';
import { toData } from '../../../src/core/node.ts';
import { modules } from '../../../src/modules/registry.ts';
import { folderOf, told } from '../support.ts';
import { playbookOf, taskProblems } from './support.ts';

/** The tasks of a playbook that has nothing wrong. */
function tasks(files: Readonly<Record<string, string>>): Task[] {
  const { playbook, problems } = playbookOf(files);
  expect(problems).toEqual([]);
  return playbook.plays.flatMap((play) => [...tasksOf(play.tasks)]);
}

function onlyTask(text: string): Task {
  const [task, ...more] = tasks({
    'p.yml': `- hosts: all\n  tasks:\n    - ${text.trim().replace(/\n/g, '\n      ')}\n`,
  });
  if (!task || more.length > 0) throw new Error('not one task');
  return task;
}

describe('a command line', () => {
  test.each<[string, unknown]>([
    ['make install creates=/usr/bin/x', { cmd: 'make install', creates: '/usr/bin/x' }],
    ['chdir=/src make -j 4', { cmd: '           make -j 4', chdir: '/src' }],
    ['make removes="/a b" X=1', { cmd: 'make                X=1', removes: '/a b' }],
    ['make chdir={{ base }}/x', { cmd: 'make', chdir: '{{ base }}/x' }],
    [`sh -c 'make creates=/x' "chdir=/y"`, { cmd: `sh -c 'make creates=/x' "chdir=/y"` }],
    ['make mycreates=/x', { cmd: 'make mycreates=/x' }],
  ])('is read as Ansible reads it: %s', (line, expected) => {
    const task = onlyTask(`command: |-\n  ${line}\nvars: { base: /srv }`);
    expect(toData(task.params)).toEqual(expected);
  });

  test('wins over args', () => {
    const task = onlyTask('shell: make creates=/a\nargs: { creates: /b, chdir: /c }');
    expect(toData(task.params)).toEqual({ cmd: 'make', creates: '/a', chdir: '/c' });
  });

  test('has nothing taken out that the module does not take', () => {
    expect(taskProblems('- command: make executable=/bin/bash')).toEqual([
      expect.stringContaining('unknown parameter "executable"'),
    ]);
  });
});

describe('a play', () => {
  test('has its keywords read', () => {
    const { playbook, problems } = playbookOf({
      'p.yml': `
- name: databases
  hosts: postgres:!node3
  become: true
  become_user: postgres
  serial: [1, 30%, 5]
  any_errors_fatal: true
  environment: { LANG: C }
  vars: { a: 1 }
  vars_files: [more.yml]
  gather_facts: false
  tasks: [{ debug: { msg: second } }]
  pre_tasks: [{ debug: { msg: first } }]
  post_tasks: [{ debug: { msg: last } }]
`,
      'more.yml': 'a: 2\nb: 3',
    });
    expect(problems).toEqual([]);
    const [play] = playbook.plays;
    expect(play).toMatchObject({
      name: 'databases',
      become: true,
      serial: [1, '30%', 5],
    });
    expect(play?.hosts.text).toBe('postgres:!node3');
    expect([...(play?.vars.keys() ?? [])]).toEqual(['a', 'b']);
    const steps = [...tasksOf(play?.tasks ?? [])];
    expect(steps.map(({ params }) => toData(params))).toEqual([
      { msg: 'first' },
      { msg: 'second' },
      { msg: 'last' },
    ]);
    expect(steps.map(({ becomeUser }) => becomeUser?.text)).toEqual(steps.map(() => 'postgres'));
    expect(steps.map(({ environment }) => environment && toData(environment))).toEqual(
      steps.map(() => ({ LANG: 'C' })),
    );
  });

  test('without a name is called by its hosts', () => {
    expect(playbookOf({ 'p.yml': '- hosts: etcd' }).playbook.plays[0]?.name).toBe('etcd');
  });

  test.each([
    ['- hosst: all', ['p.yml:1:3 unknown keyword "hosst" in a play', 'p.yml:1:3 this play names no hosts']],
    [
      '- { hosts: all, becom: true }',
      ['p.yml:1:17 unknown keyword "becom" in a play -> did you mean "become"?'],
    ],
    [
      '- { hosts: all, handlers: [] }',
      [
        'p.yml:1:17 handlers is not supported -> there are no handlers: use restart_on or reload_on of the service task',
      ],
    ],
    ['- { hosts: all, become: sometimes }', ['p.yml:1:25 must be true or false']],
    ['- { hosts: all, serial: 0 }', ['p.yml:1:25 must be at least 1']],
    ['- { hosts: all, serial: [1, 200%] }', ['p.yml:1:29 1 is neither a number nor a percentage']],
    ['- { hosts: [a, b] }', ['p.yml:1:12 hosts must be text']],
    [
      '- { hosts: all, any_errors_fatal: false }',
      [
        'p.yml:1:35 any_errors_fatal: false is not supported -> a failed host always ends the run, once the others of its batch are through the play; ignore_errors and rescue are for what may fail',
      ],
    ],
    [
      '- { hosts: all, become_method: runas, connection: winrm }',
      [
        'p.yml:1:32 become_method: runas is not supported -> there are sudo, su, doas; what depends on the host is for ansible_become_method',
        'p.yml:1:51 connection: winrm is not supported -> there are ssh, openssh and local; what depends on the host is for ansible_connection',
      ],
    ],
    ['- { hosts: all, tasks: { debug: } }', ['p.yml:1:24 tasks are a list']],
    ['- { hosts: all, tasks: [debug] }', ['p.yml:1:25 a task is a map']],
    ['hosts: all', ['p.yml:1:1 a playbook is a list of plays']],
    ['- site', ['p.yml:1:3 a play is a map']],
    ['', ['p.yml is empty']],
  ])('%s is refused', (text, problems) => {
    expect(
      playbookOf({ 'p.yml': text }).problems.map((line) => line.replace(/ -> there are: .*/, '')),
    ).toEqual(problems);
  });
});

describe('import_playbook', () => {
  test('brings the plays in order, with its conditions, tags and variables', () => {
    const { playbook, problems } = playbookOf({
      'site.yml': `
- import_playbook: sub/one.yml
  when: facts.systemd
  tags: [a]
  vars: { x: outer }
- hosts: last`,
      'sub/one.yml':
        '- { hosts: first, tags: b, vars: { x: inner, y: 1 }, tasks: [{ debug: , when: y, tags: c }] }\n- ansible.builtin.import_playbook: two.yml',
      'sub/two.yml': '- hosts: second',
    });
    expect(problems).toEqual([]);
    expect(playbook.plays.map(({ hosts }) => hosts.text)).toEqual(['first', 'second', 'last']);
    const [first] = playbook.plays;
    const [task] = [...tasksOf(first?.tasks ?? [])];
    expect(task?.tags).toEqual(['a', 'b', 'c']);
    expect(task?.when.map(({ text }) => text)).toEqual(['facts.systemd', 'y']);
    const x = first?.vars.get('x');
    expect(x && 'node' in x && toData(x.node)).toBe('outer');
  });

  test.each([
    [{ 'a.yml': '- import_playbook: gone.yml' }, ['gone.yml: there is no such file']],
    [{ 'a.yml': '- import_playbook: [x]' }, ['a.yml:1:20 import_playbook takes the name of a file']],
    [
      { 'a.yml': '- { import_playbook: b.yml, hosts: all }', 'b.yml': '- hosts: all' },
      ['a.yml:1:29 unknown keyword "hosts" in a play'],
    ],
    [
      { 'a.yml': '- import_playbook: b.yml', 'b.yml': '- import_playbook: a.yml' },
      ['playbooks import each other: a.yml -> b.yml -> a.yml'],
    ],
  ])('%j is refused', (files, problems) => {
    expect(playbookOf(files).problems.map((line) => line.replace(/ -> there are: .*/, ''))).toEqual(problems);
  });
});

describe('a task', () => {
  test('has its keywords read', () => {
    const task = onlyTask(`
name: make it
command: make
args: { chdir: /srv }
when: [a, not b]
loop: [1, 2]
loop_control: { loop_var: step, label: "step {{step}}" }
register: made
tags: one, two
become: false
become_user: builder
environment: { CC: gcc }
no_log: true
check_mode: false
changed_when: false
failed_when: gt made.rc 1
until: eq made.rc 0
retries: 5
delay: 2
run_once: true
delegate_to: node1
ignore_errors: true
timeout: 60
provides: { paths: [/srv/out], units: [made] }
vars: { a: 1 }`);
    expect(task).toMatchObject({
      loopVariable: 'step',
      register: 'made',
      tags: ['one', 'two'],
      become: false,
      noLog: true,
      checkMode: false,
      retries: 5,
      delay: 2,
      runOnce: true,
      ignoreErrors: true,
      timeout: 60,
    });
    expect(toData(task.params)).toEqual({ cmd: 'make', chdir: '/srv' });
    expect(task.name?.text).toBe('make it');
    expect(task.loop && toData(task.loop)).toEqual([1, 2]);
    expect(task.loopLabel?.text).toBe('step {{step}}');
    expect(task.environment && toData(task.environment)).toEqual({ CC: 'gcc' });
    expect(task.provides && toData(task.provides)).toEqual({ paths: ['/srv/out'], units: ['made'] });
    expect([task.becomeUser?.text, task.delegateTo?.text]).toEqual(['builder', 'node1']);
    expect([...task.vars.keys()]).toEqual(['a']);
    const texts = [task.when, task.changedWhen, task.failedWhen, task.until];
    expect(texts.map((all) => all?.map(({ text }) => text))).toEqual([
      ['a', 'not b'],
      ['false'],
      ['gt made.rc 1'],
      ['eq made.rc 0'],
    ]);
  });

  test('retries three times when only until is given, and not at all without it', () => {
    expect(onlyTask('command: x\nuntil: ok').retries).toBe(3);
    expect(onlyTask('command: x').retries).toBe(0);
    expect(onlyTask('command: x').delay).toBe(5);
  });

  test.each(['copy', 'ansible.builtin.copy', 'ansible.legacy.copy'])('may be called %s', (name) => {
    expect(onlyTask(`${name}: { dest: /x, content: y }`).module.name).toBe('copy');
  });

  test('takes literal parameters from their own text', () => {
    const data = toData(onlyTask('copy: { dest: /x, content: y, mode: 0644 }').params);
    expect(data).toMatchObject({ mode: '0644' });
  });

  test('a block passes on what it says; a task may say otherwise', () => {
    const found = tasks({
      'p.yml': `
- hosts: all
  become: true
  tasks:
    - block:
        - { debug: { msg: a }, tags: t, when: own }
        - { debug: { msg: b }, become: true, environment: { B: own } }
      when: outer
      tags: o
      become: false
      no_log: true
      run_once: true
      environment: { A: block, B: block }
      rescue: [{ debug: { msg: c } }]
      always: [{ debug: { msg: d } }]
`,
    });
    expect(found.map(({ become, noLog, runOnce }) => [become, noLog, runOnce])).toEqual([
      [false, true, true],
      [true, true, true],
      [false, true, true],
      [false, true, true],
    ]);
    expect(found[0]?.tags).toEqual(['o', 't']);
    expect(found[0]?.when.map(({ text }) => text)).toEqual(['outer', 'own']);
    expect(found[1]?.environment && toData(found[1].environment)).toEqual({ A: 'block', B: 'own' });
    expect(new Set(found.map(({ id }) => id)).size).toBe(4);
  });

  test('import_tasks brings tasks, and looks for their files beside theirs', () => {
    const found = tasks({
      'p.yml':
        '- { hosts: all, tasks: [{ include_tasks: sub/t.yml, tags: x }, { import_tasks: { file: sub/u.yml } }] }',
      'sub/t.yml': '- copy: { src: f, dest: /f }\n- import_tasks: u.yml',
      'sub/u.yml': '- debug: { msg: hi }',
      'sub/files/f': 'content\n',
    });
    expect(found.map(({ module, tags }) => [module.name, tags])).toEqual([
      ['include_tasks', ['x']],
      ['copy', []],
      ['debug', []],
      ['debug', []],
    ]);
    expect(found[1]?.source).toMatchObject({ text: 'content\n' });
  });
});

describe('a folder as source', () => {
  const sourceOf = (src: string, files: Readonly<Record<string, string>>) =>
    tasks({ 'p.yml': `- { hosts: all, tasks: [{ copy: { src: "${src}", dest: /srv } }] }`, ...files })[0]
      ?.source;
  const site = { 'files/site/b/c': 'c\n', 'files/site/a': 'a\n', 'files/site/b.d': '' };

  test('is read with all that is in it, below its own name', () => {
    expect(sourceOf('site', site)).toEqual({
      tree: [
        { path: 'site' },
        { path: 'site/a', content: 'a\n' },
        { path: 'site/b' },
        { path: 'site/b/c', content: 'c\n' },
        { path: 'site/b.d', content: '' },
      ],
    });
  });

  test('with a slash at its end, is what is in it', () => {
    expect(sourceOf('site/', site)).toMatchObject({ tree: [{ path: 'a' }, { path: 'b' }, {}, {}] });
  });

  test('follows links, and refuses what it cannot bring', () => {
    const folder = folderOf({
      'p.yml': '- { hosts: all, tasks: [{ copy: { src: t/, dest: /srv } }] }',
      ...site,
    });
    const within = (name: string) => join(folder, 'files/t', name);
    mkdirSync(within('sub'), { recursive: true });
    symlinkSync('../site/a', within('linked'));
    symlinkSync('../site/b', within('folder'));
    const load = () => {
      const problems = new Problems();
      const { plays } = loadPlaybook(join(folder, 'p.yml'), { modules, rolling: rollingNames }, problems);
      const [task] = plays.flatMap(({ tasks }) => [...tasksOf(tasks)]);
      return { source: task?.source, problems: told(problems.list, folder) };
    };
    expect(load()).toEqual({
      problems: [],
      source: {
        tree: [
          { path: 'folder' },
          { path: 'folder/c', content: 'c\n' },
          { path: 'linked', content: 'a\n' },
          { path: 'sub' },
        ],
      },
    });
    symlinkSync('nowhere', within('dead'));
    symlinkSync('..', within('sub/up'));
    writeFileSync(within('latin1'), Buffer.from([0xe9]));
    writeFileSync(within('binary'), Buffer.from([0x50, 0]));
    writeFileSync(within('a\tb'), '');
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', within('pipe')]);
    expect(load()).toEqual({
      source: undefined,
      problems: [
        'files/t/a\tb: its name holds a control character -> rename it',
        'files/t/binary: it is not text in UTF-8 -> drover takes text only',
        'files/t/dead: it is a link that leads nowhere -> remove it, or fix it',
        'files/t/latin1: it is not text in UTF-8 -> drover takes text only',
        'files/t/pipe: it is neither a file nor a folder -> take it out of the folder',
        'files/t/sub/up: it leads back to a folder that it is in -> remove the link',
      ],
    });
  });

  test('is no template, and may hold so much', () => {
    expect(taskProblems('- template: { src: d/, dest: /x }', { 'templates/d/x.hbs': '' })).toEqual([
      'templates/d/: it is a directory',
    ]);
    const large = { 'files/d/one': 'x'.repeat(9e6), 'files/d/two': 'x'.repeat(9e6) };
    expect(taskProblems('- copy: { src: d, dest: /x }', large)).toEqual([
      'files/d: it holds more than 16 MB of text -> bring that much as a package',
    ]);
  });
});

describe('what is refused in tasks, with its place', () => {
  test.each([
    ['- comand: x', ['1:3 unknown module or keyword "comand" -> did you mean "command"?']],
    ['- { command: x, regster: y }', ['1:17 unknown keyword "regster" -> did you mean "register"?']],
    ['- name: nothing', ['1:3 this task names no module']],
    ['- { command: x, shell: y }', ['1:17 two modules in one task: command and shell']],
    [
      '- { service: { name: x }, notify: restart }',
      [
        '1:27 notify is not supported -> there are no handlers: name what makes a restart necessary in restart_on or reload_on of the service task',
      ],
    ],
    ['- { debug: , any_errors_fatal: true, become_method: sudo }', []],
    [
      '- { debug: , become_method: "{{ x }}" }',
      [
        '1:29 become_method: {{ x }} is not supported -> there are sudo, su, doas; what depends on the host is for ansible_become_method',
      ],
    ],
    ['- { debug: , with_items: [1] }', ['1:14 with_items is not supported -> write loop: …']],
    [
      '- copy: dest=/x content=y',
      [
        '1:9 copy takes a map of parameters -> write dest: /x on a line of its own',
        '1:3 dest is missing',
        '1:3 content is missing; give it, or src',
      ],
    ],
    [
      '- copy: [1]',
      [
        '1:9 copy takes a map of parameters',
        '1:3 dest is missing',
        '1:3 content is missing; give it, or src',
      ],
    ],
    [
      '- copy: { dest: /x, content: y, mod: "0644" }',
      ['1:33 unknown parameter "mod" -> did you mean "mode"?'],
    ],
    ['- copy: { content: y }', ['1:9 dest is missing']],
    [
      '- { command: x, check_mode: true }',
      [
        '1:29 check_mode: true is not supported -> a task is done, or with -C nothing is: leave it out, or give the task a tag to select it by',
      ],
    ],
    [
      '- { set_fact: { a: "{{default a 0}}", b: 1 }, loop: [1] }',
      [
        '1:17 "a" does not add up in a loop: each item sees it as it was before the task -> make it of the whole list at once, with join, map or merge',
      ],
    ],
    ['- service: { name: x, enabled: perhaps }', ['1:32 enabled must be true or false']],
    ['- service: { name: x, state: runing }', ['1:30 state must be one of started, stopped']],
    [
      '- service: { name: x, state: restarted }',
      ['1:30 state "restarted" is no state to keep: name what makes it necessary in restart_on'],
    ],
    [
      '- template: { src: x.hbs, dest: /x }',
      [`1:20 there is no template x.hbs -> looked in templates, ${tmpdir()}/templates, .`],
    ],
    ['- copy: { dest: /x, tree: [] }', ['1:21 tree is what src names']],
    ['- copy: { src: "", dest: /x }', ['1:16 "" names no file']],
    ['- copy: { src: ./, dest: /x }', ['1:16 "./" names no file']],
    ['- copy: { src: /, dest: /x }', ['1:16 "/" names no file']],
    ['- copy: { src: /dev/null, content: x, dest: /x }', ['1:27 give src or content, not both']],
    ['- copy: { src: /x/y, dest: /x }', ['1:16 there is no file /x/y']],
    ['- copy: { src: x, dest: /x }', [`1:16 there is no file x -> looked in files, ${tmpdir()}/files, .`]],
    ['- { debug: , register: 9lives }', ['1:24 is not a variable name']],
    ['- { debug: , retries: -1 }', ['1:23 must be at least 0']],
    ['- { debug: , tags: 5 }', ['1:20 must be a list']],
    ['- { debug: , vars: [1] }', ['1:20 vars must be a map']],
    ['- { debug: , name: [1] }', ['1:20 name must be text']],
    ['- { debug: , when: [[1]] }', ['1:21 when must be an expression or a list of them']],
    [
      '- { debug: , when: "{{x}}" }',
      ['1:20 braces in an expression -> the whole of it is one expression: leave out the braces'],
    ],
    ['- { debug: , when: x == "y" }', ['1:20 there is no operator == -> write eq x "y"']],
    [
      '- debug: { msg: "{{ x | upper }}" }',
      ['1:21 this is a Jinja filter; expressions here are Handlebars -> write {{ upper x }}'],
    ],
    [
      '- { debug: , loop_control: { lopp_var: x } }',
      ['1:30 unknown keyword "lopp_var" -> did you mean "loop_var"?'],
    ],
    ['- { debug: , provides: { path: [/x] } }', ['1:26 unknown key "path" -> did you mean "paths"?']],
    ['- { block: [{ debug: }], loop: [1] }', ['1:26 unknown keyword "loop"']],
    ['- import_tasks: gone.yml', ['1:17 there is no file gone.yml -> looked for gone.yml']],
    [
      '- import_tasks: "{{x}}.yml"',
      [
        '1:17 import_tasks takes the name of a file -> a name with an expression could not be checked beforehand: use when',
      ],
    ],
  ])('%s', (text, problems) => {
    expect(taskProblems(text)).toEqual(problems);
  });

  test('everything, in all files, together', () => {
    const problems = taskProblems(
      `
- copy: { dest: /x, content: y, mod: '1' }
- comand: x
- import_tasks: t.yml
- { template: { src: t.hbs, dest: /t }, becme: true }`.trim(),
      {
        't.yml': '- service: { nam: x }\n- debug: { msg: "{{#if}" }',
        'templates/t.hbs': 'one\n{{ x | default("y") }}\n',
      },
    );
    expect(problems).toEqual([
      '1:33 unknown parameter "mod" -> did you mean "mode"?',
      '2:3 unknown module or keyword "comand" -> did you mean "command"?',
      't.yml:1:12 name is missing',
      't.yml:1:14 unknown parameter "nam" -> did you mean "name"?',
      expect.stringMatching(/^t\.yml:2:\d+ not a valid template -> Expecting /),
      '4:41 unknown keyword "becme" -> did you mean "become"?',
      'templates/t.hbs:2:4 this is a Jinja filter; expressions here are Handlebars -> write {{ default x "y" }}',
    ]);
  });

  test('tasks that import each other', () => {
    expect(
      taskProblems('- import_tasks: a.yml', {
        'a.yml': '- import_tasks: b.yml',
        'b.yml': '- import_tasks: a.yml',
      }),
    ).toEqual(['b.yml:1:17 tasks import each other: a.yml -> b.yml -> a.yml']);
  });

  test('what holds expressions is left until they are rendered', () => {
    expect(taskProblems('- service: { name: x, enabled: "{{on}}", state: "{{state}}" }')).toEqual([]);
    expect(taskProblems('- template: { src: "{{which}}.hbs", dest: /x }')).toEqual([]);
  });
});
