import { describe, expect, test } from 'vitest';
import { LocalLab } from './local.ts';
import { playOf, Scripted, walkOn } from './walked.ts';

/** Who a task is done as: [become, another user than root]. */
async function doneAs(keywords: string, vars: string) {
  const { run } = await new LocalLab(['a'], vars).context(playOf(`- { command: id, ${keywords} }`));
  const strategy = new Scripted();
  const failure = await walkOn(run, strategy);
  if (failure) throw failure;
  const instance = strategy.reports[0]?.instances[0]?.instance;
  return [instance?.become, instance?.becomeUser, run.needsRoot('a')];
}

describe('who a task is done as', () => {
  test.each([
    ['name: t', '{}', [false, undefined, false]],
    ['name: t', '{ ansible_become: true }', [true, undefined, true]],
    ['name: t', '{ ansible_become: true, ansible_become_user: joe }', [true, 'joe', true]],
    ['become: true, become_user: ann', '{ ansible_become_user: joe }', [true, 'joe', true]],
    ['become: true, become_user: ann', '{ ansible_become_user: root }', [true, undefined, true]],
    ['become: true', '{ ansible_become: false }', [false, undefined, false]],
    ['become_user: ann', '{}', [false, undefined, false]],
    ['become: true, vars: { ansible_become_user: eve }', '{ ansible_become_user: joe }', [true, 'eve', true]],
  ])('%s with %s', async (keywords, vars, expected) => {
    expect(await doneAs(keywords, vars)).toEqual(expected);
  });
});

describe('the way to root on a host', () => {
  const wayOn = async (tasks: string, vars = '{}') =>
    (await new LocalLab(['a'], vars).context(playOf(tasks))).run.becomeMethod('a');

  test('is what variables say, or else its tasks; sudo if nothing does', async () => {
    expect(await wayOn('- { command: id, become: true }')).toBe('sudo');
    expect(await wayOn('- { command: id, become: true, become_method: su }')).toBe('su');
    const both = '- { command: id, become: true, become_method: su }\n- { command: id, become_method: doas }';
    expect(await wayOn(both)).toBe('su');
    expect(await wayOn(both, '{ ansible_become_method: community.general.doas }')).toBe('doas');
  });

  test('is one', async () => {
    const tasks =
      '- { command: id, become: true, become_method: su }\n- { command: id, become: true, become_method: doas }';
    const lab = new LocalLab();
    expect((await lab.run(playOf(tasks))).error).toMatch(
      /p\.yml:\d+:\d+ .*this task becomes root by doas, and others by su \(on a\)/,
    );
    const own = '- { command: id, become: true, vars: { ansible_become_method: su } }';
    const { error } = await lab.run(playOf(own));
    expect(error).toMatch(/ansible_become_method: su is not the way that this host has already \(on a\)/);
  });
});

describe('delegate_to', () => {
  test('what the inventory does not name is refused, also where that shows only on a host', async () => {
    const named = (name: string) => playOf(`- { name: t, command: id, delegate_to: '${name}' }`);
    expect(() => new LocalLab().options(named('nowhere'))).toThrow(/the inventory has no host "nowhere"/);
    const { error } = await new LocalLab(['a'], "{ there: '127.0.0.2' }").run(named('{{there}}'));
    expect(error).toMatch(/the inventory has no host "127\.0\.0\.2" \(on a\)/);
  });

  test.each(['localhost', '127.0.0.1', '::1'])('%s is the controller, which no group has', async (name) => {
    const plays = playOf(`- { command: id, delegate_to: '${name}' }`);
    const { run } = await new LocalLab(['a'], '{ ansible_become: false }').context(plays);
    const strategy = new Scripted();
    await walkOn(run, strategy);
    expect(strategy.reports[0]?.instances[0]?.instance).toMatchObject({ delegateTo: 'localhost' });
    const scope = run.scope('localhost');
    const facts = ['ansible_connection', 'ansible_become', 'group_names', 'inventory_hostname'];
    expect(facts.map((fact) => scope.get(fact))).toEqual(['local', false, [], 'localhost']);
    expect(run.scope('a').get('groups')).toMatchObject({ all: ['a'] });
  });

  test('of a task without become needs no root there', async () => {
    const keywords = 'delegate_to: localhost, become: false';
    const plays = playOf(`- { command: id, become: true }\n- { command: id, ${keywords} }`);
    const { run } = await new LocalLab().context(plays);
    expect([run.needsRoot('a'), run.needsRoot('localhost')]).toEqual([true, false]);
  });

  test('goes by what is said of the host that it is done on', async () => {
    const plays = playOf('- { command: id, delegate_to: b, become: true }');
    const { run } = await new LocalLab(
      ['a', 'b'],
      `{ ansible_become: '{{eq inventory_hostname "a"}}' }`,
    ).context(plays);
    const strategy = new Scripted();
    await walkOn(run, strategy);
    expect(strategy.reports[0]?.instances[0]?.instance.become).toBe(false);
  });
});
