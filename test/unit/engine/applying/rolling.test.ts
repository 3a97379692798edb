import { describe, expect, test } from 'vitest';
import type { Play, Rolling } from '../../../../src/config/playbook/model.ts';
import { InterruptedError, UnhealthyError } from '../../../../src/core/errors.ts';
import type { RunEvent } from '../../../../src/engine/events.ts';
import { Roll } from '../../../../src/engine/applying/rolling.ts';
import type { RollingGuide } from '../../../../src/engine/run-options.ts';
import { batchesOf } from '../../../../src/engine/planning/batches.ts';
import type { TaskReport } from '../../../../src/engine/tasks/outcome.ts';
import type { ModuleContext } from '../../../../src/modules/define-module.ts';
import type { Change } from '../../../../src/plan/change.ts';
import { run } from '../../../../src/plan/operation.ts';
import { FakeClock } from '../../fake-clock.ts';
import { FakeFleet } from '../../fake-fleet.ts';
import { instanceWith, playWith, taskWith } from '../built.ts';

const rolling: Rolling = { order: 'leader-last', gate: 'patroni', pause: 0 };
// Plays are told apart by where they stand.
const { at } = playWith();
const play = playWith({ name: 'Patroni', rolling, at: { ...at } });
const other = playWith({ name: 'etcd', rolling: { ...rolling, gate: 'etcd' }, at: { ...at } });
const plain = playWith({ name: 'packages', at: { ...at } });

/** A roll over hosts whose scripts are recorded, with a guide that says what the test wants. */
class Rolled {
  /** What a host lacks at each look; the last holds on. */
  missing: Record<string, (string | undefined)[]> = {};
  refusal: string | undefined;
  /** Waiting costs no time here. */
  readonly clock = new FakeClock();
  interrupted = false;
  /** Scripts that fail. */
  readonly failing = new Set<string>();
  readonly scripts: string[] = [];
  readonly events: RunEvent[] = [];
  readonly restored: string[] = [];
  readonly fleet = new FakeFleet({
    run: (host, script) => {
      const own = script.replace('set -e\n', '');
      this.scripts.push(`${host}: ${own}`);
      return this.failing.has(own) ? { status: 1, stderr: 'no such file\n' } : {};
    },
  });
  readonly #guide: RollingGuide = {
    order: (_, hosts) => Promise.resolve([...hosts].reverse()),
    refusal: (_, host, ahead) =>
      Promise.resolve(this.refusal && `${host}: ${this.refusal}${ahead ? ', ahead' : ''}`),
    missing: (_, host) => {
      const left = this.missing[host] ?? [];
      return Promise.resolve(left.length > 1 ? left.shift() : left[0]);
    },
  };
  readonly roll = new Roll({
    guide: () => this.#guide,
    context: {} as ModuleContext,
    fleet: this.fleet,
    emit: (event) => this.events.push(event),
    checkpoint: () => {
      if (this.interrupted) throw new InterruptedError('stopped');
    },
    clock: this.clock,
    journalOf: () => undefined,
    journaled: (_instance, _of, { action, resource }) => ({ task: 'task', action, resource }),
    restored: (instance, of, change) =>
      this.restored.push(`${of.name} ${instance.host} ${instance.name} ${change.resource}`),
  });

  /** A change that was made; a script takes it back, if there is one. */
  made(
    of: Play,
    host: string,
    resource: string,
    revert?: string,
    runOnce = false,
    action: Change['action'] = 'update',
  ): void {
    const prepare = () => ({
      change: { action, resource },
      operations: [],
      revert: revert === undefined ? [] : [run(revert)],
      writes: [],
    });
    const instance = instanceWith({ host, task: taskWith({ runOnce, module: { prepare } }), become: true });
    this.roll.note({ instance, play: of, change: { action, resource } });
  }
}

describe('order', () => {
  test('is the guide’s for more than one host of a play that rolls', async () => {
    const { roll } = new Rolled();
    expect(await roll.order(play, ['a', 'b', 'c'])).toEqual(['c', 'b', 'a']);
    expect(await roll.order(play, ['a'])).toEqual(['a']);
    expect(await roll.order(plain, ['a', 'b'])).toEqual(['a', 'b']);
  });

  test('asks for no guide where nothing rolls', async () => {
    const guide = () => {
      throw new Error('no cluster');
    };
    const roll = new Roll({ guide } as unknown as ConstructorParameters<typeof Roll>[0]);
    expect(await roll.order(plain, ['a', 'b'])).toEqual(['a', 'b']);
    await roll.permit(plain, 'a');
    await roll.settle(plain, 'a');
    expect(await roll.takeBack(plain, 'a')).toBeUndefined();
  });
});

describe('permit', () => {
  test('lets through what the guide does', async () => {
    await expect(new Rolled().roll.permit(play, 'a')).resolves.toBeUndefined();
  });

  test('refuses what it refuses, in its words', async () => {
    const rolled = new Rolled();
    rolled.refusal = 'b is stopped';
    await expect(rolled.roll.permit(play, 'a')).rejects.toThrow(
      new UnhealthyError('a: "Patroni" would interrupt it, and a: b is stopped', {
        hint: 'drover verify shows what is wrong; a member at a time may be out',
      }),
    );
    await expect(rolled.roll.permit(plain, 'a')).resolves.toBeUndefined();
  });
});

describe('foresee', () => {
  const report = (host: string, of: Play, ...changes: Partial<Change>[]) =>
    ({
      host,
      play: of,
      task: taskWith(),
      status: 'changed',
      instances: [{ outcome: { changes } }],
    }) as unknown as TaskReport;
  const deferred = (task: Parameters<typeof taskWith>[0]): TaskReport => ({
    ...report('b', plain),
    task: taskWith(task),
    status: 'deferred',
  });
  const restart = { action: 'restart', disrupts: 'reads' } as const;
  const set = report('a', plain, { action: 'set' });
  const rolled = new Rolled();
  rolled.refusal = 'it lags';
  const foresee = (...reports: TaskReport[]) => rolled.roll.foresee(reports);
  const asked = /^a: "Patroni" would interrupt it, and a: it lags, ahead$/;

  test('asks about the host that the roll begins with, before the settings that come first', async () => {
    await expect(foresee(set, report('a', play, restart), report('b', play, restart))).rejects.toThrow(
      'b: "Patroni" would interrupt it, and b: it lags, ahead',
    );
  });

  test('asks nothing where nothing is interrupted, or in a play that does not roll', async () => {
    await foresee(set, report('a', play, { action: 'reload' }));
    await foresee(report('a', plain, restart));
  });

  test('asks where what is not known yet is no more than a look', async () => {
    await expect(
      foresee(deferred({ module: { readOnly: true } }), report('a', play, restart)),
    ).rejects.toThrow(asked);
  });

  test.each([
    ['starts something before it', [report('b', plain, { action: 'start' }), report('a', play, restart)]],
    ['runs a command before it', [report('b', plain, { action: 'run' }), report('a', play, restart)]],
    ['starts something in its play', [report('a', play, restart), report('b', play, { action: 'start' })]],
    ['has something to do that is not known yet', [deferred({}), report('a', play, restart)]],
    [
      'waits for something',
      [deferred({ module: { readOnly: true }, until: [] }), report('a', play, restart)],
    ],
  ])('leaves a plan to the gate’s turn that %s', async (_, reports) => {
    await foresee(...reports);
    await expect(foresee(report('a', play, restart))).rejects.toThrow(asked);
  });
});

describe('settle', () => {
  test('does not look at a host that the play has not changed', async () => {
    const rolled = new Rolled();
    rolled.missing = { a: ['it is stopped'] };
    rolled.made(play, 'b', '/f');
    rolled.made(other, 'a', '/f');
    await rolled.roll.settle(play, 'a');
    expect(rolled.events).toEqual([]);
  });

  test('waits until the host is well, and tells each state once', async () => {
    const rolled = new Rolled();
    rolled.missing = { a: ['it is stopped', 'it is starting', 'it is starting', undefined] };
    rolled.made(play, 'a', '/f');
    await rolled.roll.settle(play, 'a');
    expect(rolled.events).toEqual([
      ...['it is stopped', 'it is starting'].map((state) => ({
        type: 'api',
        host: 'a',
        what: 'patroni on a',
        state,
      })),
      { type: 'wait', host: 'a', what: 'patroni on a', seconds: 1.5 },
    ]);
    expect(rolled.clock.now()).toBe(1500);
  });

  test('gives up after two minutes, with what is missing at last', async () => {
    const rolled = new Rolled();
    rolled.missing = { a: ['it is starting', 'it is starting', 'lag 5000000'] };
    rolled.made(play, 'a', '/f');
    await expect(rolled.roll.settle(play, 'a')).rejects.toThrow(
      new UnhealthyError('a is not well after "Patroni": lag 5000000', {
        hint: 'the hosts that were not reached are as they were',
      }),
    );
    expect(rolled.clock.now()).toBe(120_000);
  });

  test('stops waiting when the run is to stop', async () => {
    const rolled = new Rolled();
    rolled.missing = { a: ['it is starting'] };
    rolled.interrupted = true;
    rolled.made(play, 'a', '/f');
    await expect(rolled.roll.settle(play, 'a')).rejects.toThrow(InterruptedError);
    expect(rolled.clock.now()).toBe(0);
  });
});

describe('a host that was ill before the run', () => {
  const reports = [{ host: 'a', play, status: 'changed', instances: [] } as unknown as TaskReport];
  const illBefore = async (action: Change['action']) => {
    const rolled = new Rolled();
    rolled.missing = { a: ['it is start failed'] };
    await rolled.roll.examine(reports);
    rolled.made(play, 'a', '/f', 'restore /f', false, action);
    return rolled;
  };

  test.each([
    ['not waited for after a reload', 'reload', 0],
    ['waited for after a start', 'start', 120_000],
  ] as const)('may stay so, and is %s', async (_, action, waited) => {
    const rolled = await illBefore(action);
    await rolled.roll.settle(play, 'a');
    expect(rolled.events.at(-1)).toEqual({
      type: 'warning',
      message: 'a is not well after "Patroni": it is start failed; nor was it before',
    });
    expect(rolled.clock.now()).toBe(waited);
  });

  test('is no longer one once it was well: after a play, or before it is interrupted', async () => {
    for (const getsWell of [(roll: Roll) => roll.permit(play, 'a'), (roll: Roll) => roll.settle(play, 'a')]) {
      const rolled = await illBefore('update');
      rolled.missing = { a: [undefined, 'it is start failed'] };
      await getsWell(rolled.roll);
      await expect(rolled.roll.settle(play, 'a')).rejects.toThrow(UnhealthyError);
    }
  });

  test('is none that the play makes', async () => {
    await expect((await illBefore('create')).roll.settle(play, 'a')).rejects.toThrow(UnhealthyError);
  });

  test('is not waited for with what it had before', async () => {
    const rolled = await illBefore('update');
    expect(await rolled.roll.takeBack(play, 'a')).toBe(
      'with what it had before it is still not well: it is start failed',
    );
    expect(rolled.clock.now()).toBe(0);
  });

  test('is known by its own gate, and looked at where the plan has something to do', async () => {
    const rolled = new Rolled();
    rolled.missing = { a: ['it is stopped'] };
    await rolled.roll.examine([
      { ...reports[0], play: other },
      { ...reports[0], status: 'ok' },
    ] as TaskReport[]);
    rolled.made(play, 'a', '/f');
    await expect(rolled.roll.settle(play, 'a')).rejects.toThrow(UnhealthyError);
  });
});

describe('what is taken back', () => {
  test('is the host’s of this play and what was made once for all, in the order it was made', async () => {
    const rolled = new Rolled();
    rolled.made(play, 'a', '/one', 'restore /one');
    rolled.made(plain, 'c', 'DCS', 'patch', true);
    rolled.made(play, 'b', '/two', 'restore /two on b');
    rolled.made(other, 'a', '/three', 'restore /three');
    rolled.made(play, 'a', 'package');
    rolled.made(play, 'a', 'patroni', 'systemctl restart patroni');
    rolled.missing = { a: ['it is starting', undefined] };
    expect(await rolled.roll.takeBack(play, 'a')).toBe('with what it had before it is well again');
    expect(rolled.scripts).toEqual(['a: restore /one', 'c: patch', 'a: systemctl restart patroni']);
    expect(rolled.restored).toEqual(['Patroni a task /one', 'packages c task DCS', 'Patroni a task patroni']);
    // What was read of other hosts and of APIs is older than that, and than what was waited for.
    expect(rolled.fleet.epoch).toBe(4);
  });

  test('is nothing where nothing can be', async () => {
    const rolled = new Rolled();
    rolled.made(play, 'a', 'package');
    rolled.made(play, 'b', '/f', 'restore /f');
    expect(await rolled.roll.takeBack(play, 'a')).toBeUndefined();
    expect(rolled.scripts).toEqual([]);
  });

  test('may not be enough', async () => {
    const rolled = new Rolled();
    rolled.missing = { a: ['it is stopped'] };
    rolled.made(play, 'a', '/f', 'restore /f');
    expect(await rolled.roll.takeBack(play, 'a')).toBe(
      'with what it had before it is still not well: it is stopped',
    );
    expect(rolled.clock.now()).toBe(120_000);
  });

  test('stops at the first that cannot be', async () => {
    const rolled = new Rolled();
    rolled.failing.add('restore /one');
    rolled.made(play, 'a', '/one', 'restore /one');
    rolled.made(play, 'a', '/two', 'restore /two');
    expect(await rolled.roll.takeBack(play, 'a')).toBe('/one could not be taken back: no such file');
    expect(rolled.scripts).toEqual(['a: restore /one']);
    expect(rolled.restored).toEqual([]);
  });
});

describe('batches', () => {
  const hosts = ['a', 'b', 'c', 'd', 'e'];
  test.each<[(number | string)[], string[]]>([
    [[], ['abcde']],
    [[1], ['a', 'b', 'c', 'd', 'e']],
    [
      [1, 2],
      ['a', 'bc', 'de'],
    ],
    [[2], ['ab', 'cd', 'e']],
    [[9], ['abcde']],
    [
      ['40%', '100%'],
      ['ab', 'cde'],
    ],
    // At least one at a time.
    [['10%'], ['a', 'b', 'c', 'd', 'e']],
    [
      [1, '50%'],
      ['a', 'bc', 'de'],
    ],
  ])('of serial %j are %j', (serial, batches) => {
    const of = playWith({ serial });
    expect(batchesOf(of, hosts).map((batch) => batch.join(''))).toEqual(batches);
    expect(batchesOf(of, [])).toEqual([]);
  });
});
