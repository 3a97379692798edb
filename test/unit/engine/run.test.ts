import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { plain, sesame, unlabelled } from '../config/vaulted.ts';
import { folderOf } from '../support.ts';
import { LocalLab } from './local.ts';

// Each test starts shells, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const play = (tasks: string, keywords = '') =>
  `- hosts: all\n${keywords}  tasks:\n${tasks.trim().replace(/^(?=.)/gm, '    ')}\n`;

describe('a plan', () => {
  const two = play(`
- { name: one, copy: { dest: "{{dir}}/one", content: "1\\n" } }
- { name: two, copy: { dest: "{{dir}}/two", content: "2\\n" } }`);

  test('says what will be changed and changes nothing', async () => {
    const lab = new LocalLab();
    const { planned, exitCode, of } = await lab.run(two, { planOnly: true }).then((out) => ({
      planned: out.planned,
      exitCode: out.exitCode,
      of: out.of('plan').flatMap(({ changes }) => changes.map(({ action, after }) => [action, after])),
    }));
    expect(planned).toEqual(['a one: changed', 'a two: changed']);
    expect(of).toEqual([
      ['create', '1\n'],
      ['create', '2\n'],
    ]);
    expect(exitCode).toBe(2);
    expect(lab.read('a', 'one')).toBeUndefined();
  });

  test('is what is done; a second run has nothing to do, in one round trip', async () => {
    const lab = new LocalLab(['a', 'b']);
    const first = await lab.run(two);
    expect(first.exitCode).toBe(0);
    expect([lab.read('a', 'one'), lab.read('b', 'two')]).toEqual(['1\n', '2\n']);
    const made = first
      .of('change')
      .map(({ host, change }) => [host, change.action, change.resource].join(' '));
    const planned = first
      .of('plan')
      .flatMap(({ host, changes }) =>
        changes.map(({ action, resource }) => [host, action, resource].join(' ')),
      );
    expect(made.sort()).toEqual(planned.sort());
    const second = await lab.run(two);
    expect(second.tasks).toEqual(['a one: ok', 'a two: ok', 'b one: ok', 'b two: ok']);
    expect(second.of('change')).toEqual([]);
    expect(Object.values(second.recap).map(({ roundTrips }) => roundTrips)).toEqual([1, 1]);
  });

  test('foresees what earlier changes bring', async () => {
    const { planned, exitCode } = await new LocalLab().run(
      play(`
- { name: folder, file: { path: "{{dir}}/x", state: directory } }
- { name: first, copy: { dest: "{{dir}}/x/f", content: old } }
- { name: second, copy: { dest: "{{dir}}/x/f", content: new } }
- { name: third, copy: { dest: "{{dir}}/x/f", content: new } }`),
    );
    expect(planned).toEqual(['a folder: changed', 'a first: changed', 'a second: changed', 'a third: ok']);
    expect(exitCode).toBe(0);
  });

  test('brings a folder: in one script, what differs the next time, and nothing the third', async () => {
    const from = folderOf({ 'src/a': '1\n', 'src/sub/b': 'b\n', 'src/sub/c': 'c\n' });
    const lab = new LocalLab(['a', 'b']);
    const both = play(`
- { name: named, copy: { src: "${from}/src", dest: "{{dir}}/x" } }
- { name: content, copy: { src: "{{from}}/src/", dest: "{{base}}/shared/{{inventory_hostname}}" } }`);
    const vars = { from };
    const first = await lab.run(both, { vars });
    expect(first.error).toBeUndefined();
    expect(first.tasks.toSorted()).toEqual([
      'a content: changed',
      'a named: changed',
      'b content: changed',
      'b named: changed',
    ]);
    expect(readdirSync(join(lab.folder, 'a'), { recursive: true }).sort()).toEqual(
      ['x', 'x/src', 'x/src/a', 'x/src/sub', 'x/src/sub/b', 'x/src/sub/c'].sort(),
    );
    expect(readdirSync(join(lab.folder, 'shared', 'b')).sort()).toEqual(['a', 'sub']);
    expect(Object.values(first.recap).map(({ roundTrips }) => roundTrips)).toEqual([2, 2]);

    writeFileSync(join(from, 'src/sub/c'), 'new\n');
    writeFileSync(join(from, 'src/d'), 'd\n');
    const second = await lab.run(both, { vars });
    const changes = second.of('change').filter(({ host, task }) => host === 'a' && task === 'named');
    expect(changes.map(({ change: { action, before, after } }) => [action, before, after])).toEqual([
      ['create', '', 'd\n'],
      ['update', 'c\n', 'new\n'],
    ]);
    expect(lab.read('b', 'x/src/sub/c')).toBe('new\n');
    expect((await lab.run(both, { vars })).exitCode).toBe(0);
    expect((await lab.run(both, { vars })).of('change')).toEqual([]);
  });

  test('brings a folder with any names, once to a place that hosts share, and takes back what is refused', async () => {
    const names = ['dev-x\\x2dby.mount', "it's", 'a b', '$(id)', '-n', '*'];
    const from = folderOf(Object.fromEntries(names.map((name) => [`src/${name}`, `${name}\n`])));
    const lab = new LocalLab(['a', 'b']);
    const site = (dest: string, owner: string) =>
      play(
        `- { name: site, copy: { src: "${from}/src/", dest: "${dest}", owner: ${owner}, directory_mode: "0700" } }`,
        '  serial: 1\n',
      );
    // The second finds made what the plan has it make.
    const shared = await lab.run(site('{{base}}/one', 'root'));
    expect(shared.error).toBeUndefined();
    expect(shared.tasks).toEqual(['a site: changed', 'b site: ok']);
    expect(readdirSync(join(lab.folder, 'one')).sort()).toEqual(names.sort());
    expect((await lab.run(site('{{base}}/one', 'root'))).of('change')).toEqual([]);

    const refused = await lab.run(site(`{{dir}}/${'x'.repeat(300)}`, 'root'));
    expect(refused.error).toContain('File name too long');
    expect(readdirSync(join(lab.folder, 'a'))).toEqual([]);
  });

  test('defers what depends on a command, says why, and does it when it comes to it', async () => {
    const lab = new LocalLab();
    const outcome = await lab.run(
      play(`
- { name: make, command: "touch made", args: { chdir: "{{dir}}", creates: "{{dir}}/made" } }
- { name: later, copy: { dest: "{{dir}}/made", content: text } }`),
    );
    expect(outcome.planned).toEqual(['a make: changed', 'a later: deferred']);
    expect(outcome.of('plan')[1]?.reason).toBe('"make" comes first');
    expect(outcome.tasks).toEqual(['a make: changed', 'a later: changed']);
    expect(lab.read('a', 'made')).toBe('text');
  });

  test('is not carried out where the host is not any more as it was planned from', async () => {
    const lab = new LocalLab();
    const outcome = await lab.run(two, {
      beforeApply: () => {
        writeFileSync(join(lab.folder, 'a', 'one'), '1\n');
        writeFileSync(join(lab.folder, 'a', 'two'), 'by somebody else\n');
      },
    });
    expect(outcome.planned).toEqual(['a one: changed', 'a two: changed']);
    expect(outcome.tasks).toEqual(['a one: ok', 'a two: changed']);
    expect(outcome.of('change').map(({ change }) => [change.action, change.before])).toEqual([
      ['update', 'by somebody else\n'],
    ]);
    expect(lab.read('a', 'two')).toBe('2\n');
  });

  test('that is refused on some host stops the run before any change', async () => {
    const lab = new LocalLab(['a', 'b']);
    const outcome = await lab.run(
      play(`
- { name: write, copy: { dest: "{{dir}}/f", content: x } }
- { name: check, assert: { that: eq inventory_hostname "a", fail_msg: "not {{inventory_hostname}}", hint: leave it } }`),
    );
    expect(outcome.error).toMatch(/not b \(on b\)/);
    expect(lab.read('a', 'f')).toBeUndefined();
  });
});

describe('tasks', () => {
  test('when, register and what was skipped', async () => {
    const { tasks, said } = await new LocalLab().run(
      play(`
- { name: say, command: "printf 'one\\ntwo\\n'", register: out }
- { name: skip, command: "false", when: gt out.rc 0, register: none }
- { name: all, debug: { msg: "{{out.rc}} {{json out.stdout_lines}} {{none.skipped}}" }, when: [out.changed, not none.changed] }`),
    );
    expect(tasks).toEqual(['a say: changed', 'a skip: skipped', 'a all: ok']);
    expect(said).toEqual(['a: 0 ["one","two"] true']);
  });

  test('a loop has an instance for each item, their labels, and the results together', async () => {
    const outcome = await new LocalLab().run(
      play(`
- name: write
  copy: { dest: "{{dir}}/{{file.name}}", content: "{{loop_index}}." }
  loop: [{ name: x }, { name: y }, { name: z }]
  loop_control: { loop_var: file }
  when: ne file.name "y"
  register: all
- debug: { msg: "{{length all.results}} {{all.changed}}" }`),
    );
    expect(outcome.error).toBeUndefined();
    expect(outcome.of('change').map(({ item }) => item)).toEqual(['x', 'z']);
    expect(outcome.said).toEqual(['a: 3 true']);
  });

  test('a command that only reads is run while planning', async () => {
    const outcome = await new LocalLab().run(
      play(`
- { command: "echo found", register: r, changed_when: false, check_mode: false }
- { name: write, copy: { dest: "{{dir}}/f", content: "{{r.stdout}}" } }`),
      { planOnly: true },
    );
    expect(outcome.planned).toEqual(['a command: ok', 'a write: changed']);
    expect(outcome.of('plan')[1]?.changes[0]?.after).toBe('found');
  });

  test.each([
    ['changed_when: false', 'ok'],
    ['changed_when: eq r.stdout "x"', 'changed'],
    ['failed_when: eq r.stdout "x"', 'failed'],
    ['failed_when: false', 'changed'],
  ])('%s is %s', async (keyword, status) => {
    const { tasks } = await new LocalLab().run(
      play(`- { name: t, command: echo x, register: r, ${keyword} }`),
    );
    expect(tasks).toEqual([`a t: ${status}`]);
  });

  test('until is tried again up to the number of retries', async () => {
    const lab = new LocalLab();
    const counting = (retries: number, wanted: number) =>
      play(
        `- { name: count, shell: "echo >> n; wc -l < n", args: { chdir: "{{dir}}" }, register: r, until: eq (int r.stdout) ${wanted}, retries: ${retries}, delay: 0 }`,
      );
    expect((await lab.run(counting(5, 3))).tasks).toEqual(['a count: changed']);
    expect(lab.read('a', 'n')).toBe('\n\n\n');
    const failed = await lab.run(counting(2, 99));
    expect(failed.tasks).toEqual(['a count: failed']);
    expect(failed.error).toMatch(/until did not hold after 3 attempts/);
    expect(failed.exitCode).toBe(3);
  });

  test.each([
    ['eq r.rc 0', '1'],
    ['eq r.rc 5', '3'],
  ])('attempts for %s are registered as Ansible counts them: %s', async (condition, attempts) => {
    const { said } = await new LocalLab().run(
      play(`
- { command: echo x, register: r, until: ${condition}, delay: 0, ignore_errors: true }
- { debug: { msg: "{{r.attempts}} {{r.changed}}" } }`),
    );
    expect(said.at(-1)).toBe(`a: ${attempts} true`);
  });

  test('environment, vars and set_fact', async () => {
    const { said, error } = await new LocalLab().run(
      play(
        `
- { shell: 'echo "$A-$B"', register: r, environment: { B: "{{b}}" }, vars: { b: "it's" } }
- { set_fact: { joined: "{{r.stdout}}!" } }
- { debug: { msg: "{{joined}}" } }`,
        '  environment: { A: play, B: play }\n',
      ),
    );
    expect(error).toBeUndefined();
    expect(said.at(-1)).toBe("a: play-it's!");
  });

  test('what a set_fact sets waits for what it is made of, in the plan and in a batch', async () => {
    const lab = new LocalLab();
    const outcome = await lab.run(
      play(`
- { command: echo x, register: r }
- { copy: { dest: "{{dir}}/f", content: f } }
- { name: set, set_fact: { made: "{{r.stdout}}", plain: p } }
- { name: use, copy: { dest: "{{dir}}/{{made}}", content: "{{plain}}" } }`),
    );
    expect(outcome.error).toBeUndefined();
    expect(outcome.planned.slice(2)).toEqual(['a set: deferred', 'a use: deferred']);
    expect(lab.read('a', 'x')).toBe('p');
  });

  test('tags select tasks', async () => {
    const tasks = play(`
- { name: one, debug: , tags: x }
- { name: two, debug: , tags: y }
- { name: three, debug: , tags: always }`);
    expect((await new LocalLab().run(tasks, { tags: ['x'] })).tasks).toEqual(['a one: ok', 'a three: ok']);
  });
});

describe('failures', () => {
  test('the tasks after it are not done, on that host; the plays after it on none', async () => {
    const lab = new LocalLab(['a', 'b']);
    const outcome = await lab.run(
      `${play(`
- { name: try, command: "test {{inventory_hostname}} = a" }
- { name: go on, copy: { dest: "{{dir}}/f", content: x } }`)}- hosts: all\n  tasks: [{ name: next, command: "true" }]\n`,
    );
    expect(outcome.tasks.sort()).toEqual(['a go on: changed', 'a try: changed', 'b try: failed']);
    expect(lab.read('b', 'f')).toBeUndefined();
    expect(outcome.exitCode).toBe(3);
  });

  test('ignore_errors goes on', async () => {
    const outcome = await new LocalLab().run(
      play(`
- { name: try, command: "false", ignore_errors: true, register: r }
- { name: after, debug: { msg: "{{r.failed}} {{r.rc}}" } }`),
    );
    expect(outcome.tasks).toEqual(['a try: ignored', 'a after: ok']);
    expect(outcome.said.at(-1)).toBe('a: true 1');
    expect(outcome.exitCode).toBe(0);
  });

  test('a block is rescued, and ends with always', async () => {
    const outcome = await new LocalLab().run(
      play(`
- block:
    - { name: first, command: "true" }
    - { name: fails, command: "false" }
    - { name: never, command: "true" }
  rescue: [{ name: rescue, command: "true" }]
  always: [{ name: always, command: "true" }]
- { name: after, command: "true" }`),
    );
    expect(outcome.tasks).toEqual([
      'a first: changed',
      'a fails: rescued',
      'a rescue: changed',
      'a always: changed',
      'a after: changed',
    ]);
    expect(outcome.exitCode).toBe(0);
    expect(outcome.recap['a']).toMatchObject({ failed: 0, ok: 4, changed: 4, rescued: 1 });
  });

  test('what fails in the plan is rescued too', async () => {
    const lab = new LocalLab();
    const outcome = await lab.run(
      play(`
- block: [{ name: check, assert: { that: false } }]
  rescue: [{ name: instead, copy: { dest: "{{dir}}/f", content: x } }]`),
    );
    expect(outcome.tasks).toEqual(['a check: rescued', 'a instead: changed']);
    expect(lab.read('a', 'f')).toBe('x');
  });

  test('a block without rescue, and a failing rescue, fail after always', async () => {
    for (const rescue of ['', '  rescue: [{ name: worse, command: "false" }]\n']) {
      const outcome = await new LocalLab().run(
        play(
          `- block: [{ name: fails, command: "false" }]\n${rescue}  always: [{ name: always, command: "true" }]\n- { name: after, command: "true" }`,
        ),
      );
      expect(outcome.tasks.slice(-1)).toEqual(['a always: changed']);
      expect(outcome.exitCode).toBe(3);
    }
  });

  test('an interrupted run starts nothing more', async () => {
    const lab = new LocalLab();
    const outcome = await lab.run(play('- copy: { dest: "{{dir}}/f", content: x }'), {
      beforeApply: (abort) => abort.abort(),
    });
    expect(outcome.exitCode).toBe(130);
    expect(lab.read('a', 'f')).toBeUndefined();
  });
});

describe('hosts of a play', () => {
  const append = '- { name: note, shell: "echo $HOST_NAME >> {{base}}/order" }';
  const order = (lab: LocalLab) => lab.read('.', 'order')?.trim().split('\n');

  test.each([
    ['1', [['a'], ['b'], ['c'], ['d'], ['e']]],
    ['2', [['a', 'b'], ['c', 'd'], ['e']]],
    ['[1, 3]', [['a'], ['b', 'c', 'd'], ['e']]],
    ['40%', [['a', 'b'], ['c', 'd'], ['e']]],
    ['1%', [['a'], ['b'], ['c'], ['d'], ['e']]],
  ])('serial: %s', async (serial, batches) => {
    const lab = new LocalLab(['a', 'b', 'c', 'd', 'e']);
    const outcome = await lab.run(play(append, `  serial: ${serial}\n`));
    expect(outcome.of('play').map(({ hosts }) => hosts)).toEqual(batches);
    expect(new Set(order(lab))).toEqual(new Set(['a', 'b', 'c', 'd', 'e']));
  });

  test('folders that cannot be made together are made one by one, with the next trip', async () => {
    const lab = new LocalLab();
    const made = ['one', 'two', 'three', 'four'];
    const outcome = await lab.run(
      play(`
- name: folders
  file: { path: "{{dir}}/{{item}}", state: directory }
  loop: ${JSON.stringify([...made, 'too long'.repeat(40)])}`),
    );
    expect(outcome.exitCode).toBe(3);
    expect(readdirSync(join(lab.folder, 'a')).sort()).toEqual(made.sort());
    // To look, all together, one by one.
    expect(outcome.of('trip')).toHaveLength(3);
  });

  test('a batch that fails stops the ones after it', async () => {
    const lab = new LocalLab(['a', 'b', 'c']);
    const outcome = await lab.run(
      play(
        `${append}\n- { command: "test $HOST_NAME != b" }`.replace('command: "test', 'shell: "test'),
        '  serial: 1\n',
      ),
    );
    expect(order(lab)).toEqual(['a', 'b']);
    expect(outcome.exitCode).toBe(3);
  });

  test('run_once is done on one of them, and its result is known to all', async () => {
    const lab = new LocalLab(['a', 'b', 'c']);
    const { said } = await lab.run(
      play(`
- { shell: "sleep 0.3", when: 'eq inventory_hostname "a"' }
- { shell: "echo $HOST_NAME >> {{base}}/order; echo $HOST_NAME", run_once: true, register: r }
- debug: { msg: "{{r.stdout}}" }`),
    );
    // The first, as the plan has it, though the others are there before.
    expect(order(lab)).toEqual(['a']);
    expect(said.sort()).toEqual(['a: a', 'b: a', 'c: a']);
  });

  test('what set_fact sets with run_once is set for all, unless it is skipped', async () => {
    const { said, error } = await new LocalLab(['a', 'b']).run(
      play(`
- { set_fact: { x: "own {{inventory_hostname}}", y: "own {{inventory_hostname}}" } }
- { set_fact: { x: "of {{inventory_hostname}}" }, run_once: true }
- { set_fact: { y: never }, run_once: true, when: false }
- debug: { msg: "{{x}}, {{y}}" }`),
    );
    expect(error).toBeUndefined();
    expect(said.sort()).toEqual(['a: of a, own a', 'b: of a, own b']);
  });

  test('delegate_to is done on another host, in the name of its own', async () => {
    const lab = new LocalLab(['a', 'b']);
    const { said } = await lab.run(
      play(`
- { shell: "echo $HOST_NAME for {{inventory_hostname}}", delegate_to: b, register: r }
- debug: { msg: "{{r.stdout}}" }`),
    );
    expect(said.sort()).toEqual(['a: b for a', 'b: b for b']);
  });

  test('what is done on another host is compared with that one, and done once', async () => {
    const lab = new LocalLab(['a', 'b']);
    const delegated = play(
      `
- { name: made, copy: { dest: "{{base}}/b/f", content: text }, delegate_to: b }
- { name: ran, command: touch g, args: { chdir: "{{base}}/b", creates: "{{base}}/b/g" }, delegate_to: b }
- { name: read, shell: "echo $HOST_NAME", delegate_to: b, check_mode: false, changed_when: false, register: r }
- { name: say, debug: { msg: "{{r.stdout}}" } }`,
    ).replace('hosts: all', 'hosts: a');
    const first = await lab.run(delegated);
    expect(first.error).toBeUndefined();
    expect(first.tasks).toEqual(['a made: changed', 'a ran: changed', 'a read: ok', 'a say: ok']);
    expect(first.said).toEqual(['a: b']);
    const { planned } = await lab.run(delegated);
    expect(planned).toEqual(['a made: ok', 'a ran: ok', 'a read: ok', 'a say: ok']);
  });

  test('what is to be done on a host that cannot be reached fails, and is not taken for done', async () => {
    const lab = new LocalLab(['a', 'b']);
    const { error, planned } = await lab.run(
      play(`
- { name: ran, command: touch g, args: { chdir: "{{base}}/b", creates: "{{base}}/b/g" }, delegate_to: b }
- { name: looked, stat: { path: "{{base}}/b/g" }, delegate_to: b }`).replace('hosts: all', 'hosts: a'),
      { unreachable: ['b'] },
    );
    expect(error).toContain('b is away');
    expect(planned).toEqual(['a ran: failed']);
    expect(lab.read('b', 'g')).toBeUndefined();
  });

  test('what is only looked at is known as it is once all before it is done', async () => {
    const lab = new LocalLab(['a']);
    const { said } = await lab.run(
      play(`
- { name: starts, shell: "(sleep 0.3; touch {{dir}}/b {{dir}}/a) >/dev/null 2>&1 &", provides: { paths: ["{{dir}}/none"] } }
- { name: waited, wait_for: { path: "{{dir}}/a" } }
- { name: looked, stat: { path: "{{dir}}/b" }, register: r }
- { name: say, debug: { msg: "{{r.stat.exists}}" } }`),
    );
    expect(said).toEqual(['a: true']);
  });

  test('of a file and a folder in its place the first one is made', async () => {
    const file = '- { name: file, copy: { dest: "{{dir}}/d", content: x }, ignore_errors: true }';
    const folder = '- { name: folder, file: { path: "{{dir}}/d/f", state: directory }, ignore_errors: true }';
    const [one, other] = [new LocalLab(['a']), new LocalLab(['a'])];
    expect((await one.run(play(`${file}\n${folder}`))).tasks).toEqual([
      'a file: changed',
      'a folder: ignored',
    ]);
    expect(one.read('a', 'd')).toBe('x');
    expect((await other.run(play(`${folder}\n${file}`))).tasks).toEqual([
      'a folder: changed',
      'a file: ignored',
    ]);
  });

  test('a host that is lost over what it does for another one is the one that is told to be lost', async () => {
    const lab = new LocalLab(['a', 'b', 'c']);
    const { error, recap, events, exitCode } = await lab.run(
      play('- { name: ran, shell: "kill -9 $$", delegate_to: b }').replace('hosts: all', 'hosts: a, c'),
    );
    expect(error).toMatch(/^b: the session's shell has ended, during "ran"/);
    expect(exitCode).toBe(4);
    expect(events.filter((event) => event.type === 'host' && event.state === 'unreachable')).toMatchObject([
      { host: 'b' },
    ]);
    expect([recap['a']?.unreachable, recap['c']?.unreachable]).toEqual([0, 0]);
  });

  test('a delegated command needs no play for its host', async () => {
    const lab = new LocalLab(['a', 'b']);
    const { tasks } = await lab.run(
      play('- { name: ran, command: touch g, args: { chdir: "{{base}}/b" }, delegate_to: b }').replace(
        'hosts: all',
        'hosts: a',
      ),
    );
    expect(tasks).toEqual(['a ran: changed']);
    expect(lab.read('b', 'g')).toBe('');
  });

  test('what a host knew before a change for another is asked once again, all together', async () => {
    const lab = new LocalLab(['a', 'b']);
    const files = Array.from(
      { length: 5 },
      (_, index) => `{ copy: { dest: "{{dir}}/f${index}", content: x } }`,
    );
    const plays = `${play(files.map((file) => `- ${file}`).join('\n'))}
- hosts: all
  serial: 1
  tasks:
    - { shell: "echo x >> {{base}}/b/log", delegate_to: b, when: 'eq inventory_hostname "a"' }
${files.map((file) => `    - ${file}`).join('\n')}
`;
    await lab.run(plays);
    const { events, recap } = await lab.run(plays);
    expect(events.filter(({ type }) => type === 'change')).toHaveLength(1);
    // To look, to append, and to look once more.
    expect(recap['b']?.roundTrips).toBeLessThanOrEqual(4);
  });

  test('what is done for others is foreseen where it is done', async () => {
    const { planned } = await new LocalLab(['a', 'b']).run(
      play(`
- { name: given, copy: { dest: "{{base}}/b/f", content: text }, delegate_to: b, when: 'eq inventory_hostname "a"' }
- { name: own, copy: { dest: "{{base}}/b/f", content: text }, when: 'eq inventory_hostname "b"' }`),
      { planOnly: true },
    );
    expect(planned).toEqual(['a given: changed', 'a own: skipped', 'b given: skipped', 'b own: ok']);
  });

  test('the variables and results of others are there in hostvars', async () => {
    const { said } = await new LocalLab(['a', 'b']).run(
      `${play('- { shell: "echo $HOST_NAME", register: r }')}- hosts: b\n  tasks:\n    - debug: { msg: "{{lookup (lookup hostvars \\"a\\") \\"r\\"}}" }\n`.replace(
        '{{lookup (lookup hostvars \\"a\\") \\"r\\"}}',
        '{{hostvars.a.r.stdout}} {{join ansible_play_hosts}}',
      ),
    );
    expect(said).toEqual(['b: a b']);
  });

  test.each([5, 1])('what others set earlier in the play is waited for, %i at once', async (forks) => {
    const lab = new LocalLab(['a', 'b']);
    const { planned, recap } = await lab.run(
      play(`
- { name: inventory, set_fact: { port: 1 } }
- { name: slow, shell: "sleep 0.2; echo $HOST_NAME", register: r, when: 'eq inventory_hostname "b"' }
- { name: own, set_fact: { port: "{{inventory_hostname}}-2" } }
- { name: others, copy: { dest: "{{dir}}/f", content: "{{hostvars.a.port}} {{hostvars.b.port}} {{hostvars.b.r.stdout}}" } }
- { name: again, set_fact: { port: 3 } }`),
      { forks },
    );
    const of = (host: string) => planned.filter((line) => line.startsWith(`${host} `));
    const lines = (slow: string) => [
      'inventory: ok',
      `slow: ${slow}`,
      'own: ok',
      'others: deferred',
      'again: ok',
    ];
    expect(of('a')).toEqual(lines('skipped').map((line) => `a ${line}`));
    expect(of('b')).toEqual(lines('changed').map((line) => `b ${line}`));
    expect([lab.read('a', 'f'), lab.read('b', 'f')]).toEqual(['a-2 b-2 b', 'a-2 b-2 b']);
    expect(recap['a']).toMatchObject({ changed: 1, failed: 0 });
    const second = await lab.run(play('- { name: f, copy: { dest: "{{dir}}/f", content: "a-2 b-2 b" } }'));
    expect(second.recap['b']).toMatchObject({ changed: 0 });
  });

  test('what a host has not set that has failed, or does not come to, nobody waits for', async () => {
    const lab = new LocalLab(['a', 'b']);
    const { exitCode, error } = await lab.run(
      play(`
- { name: fails, shell: "false", when: 'eq inventory_hostname "b"' }
- { name: set, set_fact: { x: 1 } }
- { name: others, debug: { msg: "{{hostvars.b.x}}" } }`),
    );
    expect(exitCode).toBe(3);
    expect(error).toBe('b: it said nothing');
    const { said } = await lab.run(
      play(`
- block:
    - { name: fails, shell: "false", when: 'eq inventory_hostname "a"' }
    - { name: once, command: "true", run_once: true, when: 'eq inventory_hostname "b"' }
    - { name: set, set_fact: { x: 1 } }
  rescue:
    - { name: rescue, debug: { msg: "{{hostvars.b.x}}" } }`),
    );
    expect(said.at(-1)).toBe('a: 1');
  });
});

test('a loop that is not there matters only where the conditions hold, as in Ansible', async () => {
  const told = async (when: string) => {
    const { planned } = await new LocalLab().run(
      play(`
- { name: asked, stat: { path: /not-there }, register: r }
- { name: looped, command: "echo {{ item }}", loop: "{{ r.results }}", when: ${when} }`),
      { planOnly: true },
    );
    return planned.at(-1);
  };
  expect(await told('defined r.results')).toBe('a looped: skipped');
  expect(await told('defined r.stat')).toBe('a looped: failed');
  expect(await told('eq item 1')).toBe('a looped: failed');
});

describe('secrets', () => {
  const plays = play(`
- { name: write, copy: { dest: "{{dir}}/f", content: "password={{password}}\\n" } }
- { name: say, shell: "cat {{dir}}/f; cat {{dir}}/f >&2; false", ignore_errors: true, register: r }
- { name: repeat, debug: { msg: "{{r.stdout}}" } }
- { name: json, copy: { dest: "{{dir}}/g", content: "{{json password}}" } }`);

  test('reach the host, and are in no event', async () => {
    const lab = new LocalLab();
    const outcome = await lab.run(plays);
    expect(lab.read('a', 'f')).toBe(`password=${lab.secret}\n`);
    expect(JSON.parse(lab.read('a', 'g') ?? '')).toBe(lab.secret);
    const told = JSON.stringify(outcome.events);
    expect(told).not.toContain('anybody');
    expect(told).toContain('password=«secret»');
  });

  test('a task is named without them', async () => {
    const lab = new LocalLab();
    const outcome = await lab.run(
      play(`- { name: "as {{ word }}", copy: { dest: "{{dir}}/f", content: x } }`),
      { vars: { word: lab.secret }, hidden: [lab.secret], journal: true },
    );
    expect(outcome.planned).toEqual(['a as «secret»: changed']);
    expect(JSON.stringify([outcome.events, lab.read('', 'journal')])).not.toContain('anybody');
  });

  test.each([
    ['a command says as it fails', 'shell: "echo {{ word }} >&2; false"'],
    ['a module says', 'fail: { msg: "{{ word }}" }'],
    ['a failed item says', 'shell: "echo {{ item }} >&2; false", loop: ["{{ word }}", "x {{ word }}"]'],
    ['a command says while planning', 'shell: "echo {{ word }} >&2; false", check_mode: false'],
    [
      'a change of one step says',
      'command: "sh -c \'echo {{ word }} >&2; false\'", until: false, retries: 0',
    ],
    ['a parameter is', 'file: { path: "{{ dir }}/x", state: "{{ word }}" }'],
    ['a hint says', 'fail: { msg: sorry, hint: "{{ word }}" }'],
  ])('no_log hides what %s, in errors and in the journal', async (_, action) => {
    const lab = new LocalLab();
    const task = `- { name: quiet, ${action}, no_log: true }`;
    const outcome = await lab.run(play(task), { vars: { word: 'very private' }, journal: true });
    expect(outcome.error).toContain('hidden by no_log');
    expect(JSON.stringify([outcome.error, outcome.events, lab.read('', 'journal')])).not.toContain('private');
  });

  test('are masked in a file of ansible-vault that is named only at run time', async () => {
    const from = folderOf({ 'a.vault': unlabelled });
    const lab = new LocalLab();
    const copy = play(
      `- { name: f, copy: { src: "${from}/{{ inventory_hostname }}.vault", dest: "{{dir}}/f" } }`,
    );
    const outcome = await lab.run(copy, { vaultPasswords: [sesame], journal: true });
    expect(outcome.tasks).toEqual(['a f: changed']);
    expect(lab.read('a', 'f')).toBe(plain);
    expect(JSON.stringify([outcome.events, lab.read('', 'journal')])).not.toContain('hunter22');
    const { error } = await lab.run(copy);
    expect(error).toMatch(/a\.vault: it is encrypted with ansible-vault, and no password is given/);
  });

  test('no_log hides what a task changed and said', async () => {
    const outcome = await new LocalLab().run(
      play(
        '- { name: quiet, copy: { dest: "{{dir}}/f", content: visible }, no_log: true }\n- { name: loud, shell: "echo visible; false", no_log: true, ignore_errors: true }',
      ),
    );
    expect(JSON.stringify(outcome.events)).not.toContain('visible');
    expect(JSON.stringify(outcome.events)).toContain('hidden by no_log');
  });
});
