import { describe, expect, test } from 'vitest';
import { InvalidInputError, TaskFailedError, UnreachableError } from '../../../../src/core/errors.ts';
import { BatchWalk } from '../../../../src/engine/tasks/batch-walk.ts';
import type { Instance } from '../../../../src/engine/tasks/instance.ts';
import type { Settled } from '../../../../src/engine/tasks/outcome.ts';
import type { RunContext } from '../../../../src/engine/run-context.ts';
import { LocalLab } from '../local.ts';
import { away, failed, playOf, Scripted, walk, walkOn } from '../walked.ts';

const block = `
- block:
    - { name: first, command: x }
    - { name: second, command: x }
  rescue: [{ name: rescue, command: x }]
  always: [{ name: always, command: x }]
- { name: after, command: x }`;

const map = { vars: { map: {} } };

describe('conditions', () => {
  test('a task whose conditions do not all hold is skipped and does nothing', async () => {
    const { told, log } = await walk(`
- { name: both, command: x, when: ['true', 'eq 1 1'] }
- { name: one, command: x, when: ['true', 'eq 1 2'] }`);
    expect(told).toEqual(['both: changed', 'one: skipped']);
    expect(log).toEqual(['both']);
  });

  test('a condition is asked for each item of a loop', async () => {
    const { log } = await walk("- { name: t, command: x, loop: [1, 2, 3], when: 'ne item 2' }");
    expect(log).toEqual(['t of 1', 't of 3']);
  });

  test('a template that cannot be rendered fails the host, and names it', async () => {
    const { failure, told } = await walk(
      `
- { name: reads, command: '{{map.nowhere}}' }
- { name: after, command: x }`,
      {},
      map,
    );
    expect(failure).toBeInstanceOf(InvalidInputError);
    expect((failure as InvalidInputError).diagnostics.map(({ hosts }) => hosts)).toEqual([['a']]);
    expect(told).toEqual(['reads: failed']);
  });

  test('what is under way before a task that cannot be rendered is settled first', async () => {
    const { told, log } = await walk(
      `
- { name: before, command: x }
- { name: reads, command: '{{map.nowhere}}' }`,
      {},
      { queues: true, ...map },
    );
    expect(log).toEqual(['before', 'flush: the next task cannot be read']);
    expect(told).toEqual(['before: changed', 'reads: failed']);
  });
});

describe('loops', () => {
  test.each([false, true])(
    'an item that fails stops no other; the task fails at its end, and the host’s part of the play (queued: %s)',
    async (queues) => {
      const { log, failure, registered, told } = await walk(
        `
- { name: t, command: x, loop: [1, 2, 3, 4], register: r }
- { name: after, command: x }`,
        { 't of 2': failed, 't of 3': { ...failed, reason: 'worse' } },
        { queues },
      );
      const items = ['t of 1', 't of 2', 't of 3', 't of 4'];
      expect(log).toEqual(queues ? [...items, 'after', 'flush: the play ends'] : items);
      expect(told).toEqual(['t: failed']);
      expect(failure).toBeInstanceOf(TaskFailedError);
      expect(failure?.message).toBe('a: [2] broken; [3] worse');
      expect(registered.get('r')).toMatchObject({ value: { failed: true, changed: true } });
    },
  );

  test('a host that is lost ends the loop at once', async () => {
    const { log, failure } = await walk('- { name: t, command: x, loop: [1, 2, 3] }', { 't of 2': away });
    expect(log).toEqual(['t of 1', 't of 2']);
    expect(failure).toBeInstanceOf(UnreachableError);
  });

  test('each item has a result with its item, also one that was skipped', async () => {
    const { registered } = await walk(
      `
- { command: x, loop: [a, b], loop_control: { loop_var: name }, when: ne name 'b', register: some }
- { command: x, loop: [a], when: false, register: none }
- { command: x, loop: [], register: empty }`,
    );
    expect(registered.get('some')).toEqual({
      value: {
        results: [
          { rc: 0, changed: true, failed: false, skipped: false, name: 'a', ansible_loop_var: 'name' },
          { changed: false, failed: false, skipped: true, name: 'b', ansible_loop_var: 'name' },
        ],
        changed: true,
        failed: false,
        skipped: false,
      },
    });
    expect(registered.get('none')).toMatchObject({
      value: { results: [{ item: 'a', skipped: true }], skipped: true, changed: false },
    });
    expect(registered.get('empty')).toEqual({
      value: { results: [], changed: false, failed: false, skipped: true },
    });
  });

  test('ignore_errors lets the items after it go on', async () => {
    const { log, told, failure, registered } = await walk(
      '- { name: t, command: x, loop: [1, 2, 3], ignore_errors: true, register: r }',
      { 't of 2': failed },
    );
    expect(log).toEqual(['t of 1', 't of 2', 't of 3']);
    expect(told).toEqual(['t: ignored']);
    expect(failure).toBeUndefined();
    expect(registered.get('r')).toMatchObject({
      value: {
        failed: true,
        changed: true,
        results: [{ failed: false }, { failed: true }, { failed: false }],
      },
    });
  });

  test('something that is no list is refused', async () => {
    const { failure } = await walk(
      "- { name: t, command: x, loop: '{{word}}' }",
      {},
      { vars: { word: 'w' } },
    );
    expect(failure?.message).toMatch(/loop needs a list/);
  });
});

describe('blocks', () => {
  test('without a failure the rescue is left out and always is done', async () => {
    const { told } = await walk(block);
    expect(told).toEqual(['first: changed', 'second: changed', 'always: changed', 'after: changed']);
  });

  test('a failure ends the block, is rescued, and the play goes on', async () => {
    const { told, failure } = await walk(block, { first: failed });
    expect(told).toEqual(['first: rescued', 'rescue: changed', 'always: changed', 'after: changed']);
    expect(failure).toBeUndefined();
  });

  test('a host that is lost is not rescued, and always is still tried', async () => {
    const { told, failure } = await walk(block, { first: away });
    expect(told).toEqual(['first: failed', 'always: changed']);
    expect(failure).toBeInstanceOf(UnreachableError);
  });

  test('a failing rescue ends the host’s part after always', async () => {
    const { told, failure } = await walk(block, { first: failed, rescue: failed });
    expect(told).toEqual(['first: rescued', 'rescue: failed', 'always: changed']);
    expect(failure).toBeInstanceOf(TaskFailedError);
  });

  test('a block without rescue fails after always', async () => {
    const { told, failure } = await walk(
      `
- block: [{ name: first, command: x }]
  always: [{ name: always, command: x }]
- { name: after, command: x }`,
      { first: failed },
    );
    expect(told).toEqual(['first: failed', 'always: changed']);
    expect(failure).toBeInstanceOf(TaskFailedError);
  });

  test('a failure inside a block of its own is rescued by the one around it', async () => {
    const { told } = await walk(
      `
- block:
    - block: [{ name: inner, command: x }]
      always: [{ name: always, command: x }]
  rescue: [{ name: rescue, command: x }]`,
      { inner: failed },
    );
    expect(told).toEqual(['inner: rescued', 'always: changed', 'rescue: changed']);
  });

  test('what is queued is settled at each border, so that a failure surfaces in its own block', async () => {
    const before = await walk(`- { name: before, command: x }${block}`, { before: failed }, { queues: true });
    expect(before.told).toEqual(['before: failed']);
    const { told, log } = await walk(block, { second: failed }, { queues: true });
    expect(told).toEqual([
      'first: changed',
      'second: rescued',
      'rescue: changed',
      'always: changed',
      'after: changed',
    ]);
    expect(log.filter((line) => line.startsWith('flush'))).toEqual([
      'flush: a block ends',
      'flush: a block’s rescue ends',
      'flush: a block ends',
      'flush: the play ends',
    ]);
  });
});

describe('results', () => {
  test('a task that uses a result under way waits for it', async () => {
    const { log, told } = await walk(
      `
- { name: asks, command: x, register: r }
- { name: other, command: x }
- { name: uses, command: x, when: eq r.rc 0 }`,
      {},
      { queues: true },
    );
    expect(log).toEqual([
      'asks',
      'other',
      'flush: the result of "asks" is not known yet',
      'uses',
      'flush: the play ends',
    ]);
    expect(told).toEqual(['asks: changed', 'other: changed', 'uses: changed']);
  });

  test('a task that uses a result that nobody can know yet is deferred, and left open', async () => {
    const { told, leftOpen } = await walk(
      `
- { name: asks, command: x, register: r }
- { name: uses, command: x, when: eq r.rc 0, register: s }
- { name: further, command: x, when: eq s.rc 0 }`,
      { asks: { status: 'changed', changes: [], result: undefined } },
    );
    expect(told).toEqual(['asks: changed', 'uses: deferred', 'further: deferred']);
    expect(leftOpen).toEqual(['uses', 'further']);
  });

  test('what was skipped is registered as skipped', async () => {
    const { registered } = await walk("- { name: skipped, command: x, when: 'eq 1 2', register: r }");
    expect(registered.get('r')).toEqual({ value: { changed: false, failed: false, skipped: true } });
  });

  test('a failure that is ignored is registered, and the tasks after it go on', async () => {
    const { told, failure } = await walk(
      `
- { name: t, command: x, register: r, ignore_errors: true }
- { name: after, command: x, when: r.failed }`,
      { t: failed },
    );
    expect(told).toEqual(['t: ignored', 'after: changed']);
    expect(failure).toBeUndefined();
  });

  test('facts that a task brings are variables from then on', async () => {
    const { told } = await walk(
      "- { name: t, set_fact: { colour: blue } }\n- { name: after, command: x, when: eq colour 'red' }",
      {
        t: { status: 'ok', changes: [], result: { ansible_facts: { colour: 'red' } } },
      },
    );
    expect(told).toEqual(['t: ok', 'after: changed']);
  });
});

describe('run_once', () => {
  const batchOf = ({ options: { plays } }: RunContext) => {
    if (!plays[0]) throw new Error('no play');
    return new BatchWalk(plays[0].play, ['a', 'b']);
  };
  const tasks = playOf(`
- { name: before, command: x }
- { name: once, command: x, run_once: true, register: r }
- { name: after, command: x, when: eq r.rc 0 }`);

  test('is done on the first host; the other waits and has its result', async () => {
    const { run } = await new LocalLab(['a', 'b']).context(tasks);
    const together = batchOf(run);
    const [first, second] = [new Scripted({}, true), new Scripted({}, true)];
    await Promise.all([walkOn(run, second, 'b', together), walkOn(run, first, 'a', together)]);
    expect(first.told).toEqual(['before: changed', 'once: changed', 'after: changed']);
    expect(second.told).toEqual(['before: changed', 'after: changed']);
    // What the other has under way does not wait with it.
    expect(second.log[1]).toBe('flush: another host does what is run once');
  });

  test('is the next host’s where the first fails before it comes to it', async () => {
    const { run } = await new LocalLab(['a', 'b']).context(tasks);
    const together = batchOf(run);
    const [first, second] = [new Scripted({ before: failed }), new Scripted()];
    await Promise.all([walkOn(run, second, 'b', together), walkOn(run, first, 'a', together)]);
    expect(first.told).toEqual(['before: failed']);
    expect(second.told).toEqual(['before: changed', 'once: changed', 'after: changed']);
  });
});

describe('an outcome that nobody waits for', () => {
  /** Has one outcome more to give, at the end of the play. */
  class Repeating extends Scripted {
    more: Settled | undefined;

    override submit(instance: Instance): Settled[] {
      if (instance.name === 'dropped') this.more = { instance, outcome: failed };
      return super.submit(instance);
    }

    override flush(reason: string): Settled[] {
      const more = reason === 'the play ends' && this.more ? [this.more] : [];
      return [...super.flush(reason), ...more];
    }
  }

  test('is an error of drover’s, so that no failure is lost', async () => {
    const { run } = await new LocalLab().context(playOf('- { name: dropped, command: x }'));
    await expect(walkOn(run, new Repeating())).rejects.toThrow(
      '"dropped" has an outcome, and is not under way',
    );
  });

  test('may not be of what a rescued failure left undone', async () => {
    const { run } = await new LocalLab().context(
      playOf(`
- block: [{ name: first, command: x }, { name: dropped, command: x }]
  rescue: [{ name: rescue, command: x }]`),
    );
    const strategy = new Repeating({ first: failed }, true);
    await expect(walkOn(run, strategy)).rejects.toThrow('"dropped" has an outcome, and is not under way');
    expect(strategy.told).toEqual(['first: rescued', 'rescue: changed']);
  });
});

test('an interrupted run goes no further', async () => {
  const { run, abort } = await new LocalLab().context(playOf('- { name: t, command: x }'));
  abort.abort();
  const strategy = new Scripted();
  await expect(walkOn(run, strategy)).rejects.toThrow(/interrupted/);
  expect(strategy.log).toEqual([]);
});
