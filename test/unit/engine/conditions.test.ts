import { describe, expect, test, vi } from 'vitest';
import { LocalLab } from './local.ts';
import { playOf } from './walked.ts';

// Each test starts shells, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const stat = (more: string) => `- { name: look, stat: { path: '{{dir}}/f' }, register: r, ${more} }\n`;
const make = "- { name: make, copy: { dest: '{{dir}}/f', content: x } }\n";
const after = "- { name: after, copy: { dest: '{{dir}}/after', content: x } }\n";

describe('a condition on the result of a task that changes nothing', () => {
  test('fails it while planning, and nothing is done', async () => {
    const lab = new LocalLab();
    const { planned, error } = await lab.run(playOf(after + stat('failed_when: not r.stat.exists')));
    expect(planned).toEqual(['a after: changed', 'a look: failed']);
    expect(error).toMatch(/p\.yml:5:.*failed_when holds: not r\.stat\.exists/);
    expect(lab.read('a', 'after')).toBeUndefined();
  });

  test('is asked with what the changes before it make', async () => {
    const lab = new LocalLab();
    const { tasks } = await lab.run(playOf(make + stat('failed_when: not r.stat.exists') + after));
    expect(tasks).toEqual(['a make: changed', 'a look: ok', 'a after: changed']);
  });

  test('counts it as changed, for tasks after it and in the recap; that alone is no change to be made', async () => {
    const told = '- { name: told, debug: { msg: told }, when: r.changed }\n';
    const { tasks, recap, exitCode } = await new LocalLab().run(playOf(stat("changed_when: 'true'") + told), {
      planOnly: true,
    });
    expect([tasks, exitCode]).toEqual([[], 0]);
    expect(recap['a']).toMatchObject({ changed: 1, roundTrips: 1 });
  });

  test('lets a command that only reads pass though it ended badly', async () => {
    const read = '- { name: read, command: "false", register: r, check_mode: false, changed_when: false, ';
    const of = async (when: string) =>
      (await new LocalLab().run(playOf(`${read} failed_when: ${when} }\n`), { planOnly: true })).planned;
    expect(await of('eq r.rc 2')).toEqual(['a read: ok']);
    expect(await of('eq r.rc 1')).toEqual(['a read: failed']);
  });

  test('is retried for until it holds', async () => {
    const lab = new LocalLab();
    const wait = stat('until: r.stat.exists, retries: 1, delay: 0');
    const { planned, tasks, error } = await lab.run(playOf(wait));
    expect(planned).toEqual(['a look: deferred']);
    expect(tasks).toEqual(['a look: failed']);
    expect(error).toMatch(/until did not hold after 2 attempts/);
    expect((await lab.run(playOf(make + wait))).tasks).toEqual(['a make: changed', 'a look: ok']);
    expect((await lab.run(playOf(make + wait))).recap['a']).toMatchObject({ ok: 2, roundTrips: 1 });
  });
});

describe('a condition that cannot be evaluated', () => {
  const run = (more: string) => `- { name: run, command: echo hello, register: r, ${more} }\n`;

  test.each(['failed_when: r.stdout', 'changed_when: r.nowhere', 'until: r.nowhere'])(
    '%s fails its task on its host, and no other',
    async (condition) => {
      const lab = new LocalLab(['a', 'b']);
      const own = `- { name: own, copy: { dest: '{{dir}}/own', content: x } }\n`;
      const { tasks, error } = await lab.run(
        playOf(run(`${condition}, when: eq inventory_hostname "a"`) + own),
      );
      expect(tasks).toEqual(expect.arrayContaining(['a run: failed', 'b run: skipped', 'b own: changed']));
      expect(tasks).not.toContain('a own: changed');
      expect(error).toMatch(/a condition must be true or false|no "nowhere" in it/);
    },
  );
});

test('nothing after a task that may fail by failed_when goes along with it', async () => {
  const lab = new LocalLab();
  const { tasks } = await lab.run(
    playOf(`- { name: check, command: echo bad, register: r, failed_when: eq r.stdout 'bad' }\n${after}`),
  );
  expect(tasks).toEqual(['a check: failed']);
  expect(lab.read('a', 'after')).toBeUndefined();
});

test('a name that is registered again is not taken for the task before', async () => {
  const { tasks } = await new LocalLab().run(
    playOf(`
- { name: one, command: echo 1, register: r }
- { name: waits, command: 'true', when: eq r.stdout '1' }
- { name: judged, command: echo 2, changed_when: eq r.stdout '1' }
- { name: two, command: echo 2, register: r }
- { name: after, command: 'true', when: eq r.stdout '2' }`),
  );
  expect(tasks).toEqual(['one', 'waits', 'judged', 'two', 'after'].map((name) => `a ${name}: changed`));
});

test('a loop of which an item fails is done to its end, and nothing after it is', async () => {
  const lab = new LocalLab();
  const loop =
    "- { name: each, shell: 'test {{item}} != b && touch {{dir}}/{{item}}', loop: [a, b, c], register: r }\n";
  const { tasks, registered, error } = await lab.run(playOf(loop + after));
  expect(tasks).toEqual(['a each: failed']);
  expect(error).toMatch(/^a: /);
  expect([lab.read('a', 'a'), lab.read('a', 'b'), lab.read('a', 'c')]).toEqual(['', undefined, '']);
  expect(lab.read('a', 'after')).toBeUndefined();
  expect(registered['a']?.['r']).toMatchObject({
    results: [
      { item: 'a', failed: false },
      { item: 'b', failed: true, rc: 1 },
      { item: 'c', failed: false },
    ],
  });
});

test('the recap counts as Ansible does', async () => {
  // Its own, for these tasks: ok=5 changed=2 failed=0 skipped=1 rescued=1 ignored=2.
  const { recap } = await new LocalLab().run(
    playOf(`
- { name: changed, command: 'true' }
- { name: ok, command: 'true', changed_when: false }
- { name: skipped, command: 'true', when: false }
- { name: ignored, command: 'false', ignore_errors: true }
- { name: missing, stat: { path: /nowhere }, failed_when: true, ignore_errors: true }
- block: [{ name: rescued, command: 'false' }]
  rescue: [{ name: rescue, debug: { msg: rescue } }]`),
  );
  expect(recap['a']).toMatchObject({ ok: 5, changed: 2, failed: 0, skipped: 1, rescued: 1, ignored: 2 });
});
