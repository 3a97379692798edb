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

describe('delegate_to', () => {
  test('the controller is refused before anything is asked', () => {
    expect(() => new LocalLab().options(playOf('- { command: id, delegate_to: localhost }'))).toThrow(
      /delegate_to: localhost is not supported/,
    );
  });

  test('what the inventory does not name is refused, also where that shows only on a host', async () => {
    const named = (name: string) => playOf(`- { name: t, command: id, delegate_to: '${name}' }`);
    expect(() => new LocalLab().options(named('nowhere'))).toThrow(/the inventory has no host "nowhere"/);
    const { error } = await new LocalLab(['a'], "{ there: '127.0.0.1' }").run(named('{{there}}'));
    expect(error).toMatch(/delegate_to: 127\.0\.0\.1 is not supported \(on a\)/);
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
