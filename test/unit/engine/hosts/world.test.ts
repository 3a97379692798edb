import { describe, expect, test } from 'vitest';
import { takeEffect, takeUnknownEffect } from '../../../../src/engine/tasks/effects.ts';
import type { Instance } from '../../../../src/engine/tasks/instance.ts';
import { World } from '../../../../src/engine/hosts/world.ts';
import { needPackage } from '../../../../src/facts/package.ts';
import { needDigest } from '../../../../src/facts/content.ts';
import { needPath, pathRecords } from '../../../../src/facts/path.ts';
import { identify, type FactRecord, type Need } from '../../../../src/facts/need.ts';
import { needUnit } from '../../../../src/facts/unit.ts';
import { outdate, predict } from '../../../../src/plan/change.ts';
import { needUser } from '../../../../src/facts/account.ts';
import { instanceWith, taskWith } from '../built.ts';

const fileNeed = needPath('/etc/f');
const unit = needUnit('etcd');
const user = needUser('postgres');

function worldWith(...known: readonly Need<unknown>[]): World {
  const world = new World();
  world.learn(new Map(known.map((need): [string, FactRecord[]] => [identify(need), [['known', need.key]]])));
  return world;
}

describe('a world', () => {
  test('knows what was collected, and nothing of the rest', () => {
    const world = worldWith(fileNeed);
    expect(world.records(fileNeed)).toEqual([['known', '/etc/f']]);
    expect(world.records(unit)).toBeUndefined();
    expect(world.unknownReason(unit)).toBeUndefined();
  });

  test('a fork takes what is written, the world it came from does not', () => {
    const world = worldWith(fileNeed);
    const fork = world.fork();
    fork.write(
      predict(fileNeed, pathRecords({ type: 'file', mode: '644', owner: 'root', group: 'root' })),
      'r',
    );
    expect(fileNeed.parse(fork.records(fileNeed) ?? [])).toEqual({
      type: 'file',
      mode: '644',
      owner: 'root',
      group: 'root',
    });
    expect(world.records(fileNeed)).toEqual([['known', '/etc/f']]);
  });

  test('a write without records makes a fact unknown, for a reason', () => {
    const world = worldWith(fileNeed, unit);
    world.write(outdate(fileNeed), 'the first');
    expect([world.records(fileNeed), world.unknownReason(fileNeed)]).toEqual([undefined, 'the first']);
    expect(world.records(unit)).toBeDefined();
  });

  test('what was collected before a change is nothing to plan from, and still what was last found', () => {
    const world = worldWith(fileNeed, unit);
    world.outdate();
    expect([world.records(fileNeed), world.fork().records(unit)]).toEqual([undefined, undefined]);
    expect(world.lastRecords(fileNeed)).toEqual([['known', '/etc/f']]);
    world.learn(new Map([[identify(fileNeed), []]]));
    expect([world.records(fileNeed), world.lastRecords(fileNeed), world.records(unit)]).toEqual([
      [],
      [],
      undefined,
    ]);
    world.clear();
    expect(world.lastRecords(unit)).toBeUndefined();
  });

  test('a write of everything makes all unknown, what was never collected too, until it is forgotten', () => {
    const world = worldWith(fileNeed);
    world.write('*', 'the package');
    expect([world.unknownReason(fileNeed), world.unknownReason(unit)]).toEqual([
      'the package',
      'the package',
    ]);
    world.learn(new Map([[identify(fileNeed), []]]));
    expect([world.records(fileNeed), world.unknownReason(fileNeed)]).toEqual([[], undefined]);
    world.clear();
    expect(world.unknownReason(unit)).toBeUndefined();
  });
});

/** An instance as far as its effects go. */
function instance(
  provides: Partial<Record<string, readonly string[]>> | undefined,
  more: object = {},
  mayWrite: readonly Need<unknown>[] = [],
): Instance {
  const task = taskWith({ module: { wide: false, ...more } });
  return instanceWith({ name: 'install', task, provides, needs: [fileNeed], bound: { mayWrite } });
}

describe('what provides says limits what a wide change makes unknown', () => {
  const everything = [
    ...[
      fileNeed,
      needPath('/etc/dir'),
      needPath('/etc/dir/below'),
      needPath('/etc/directory'),
      needDigest('/etc/dir/below'),
    ],
    ...[unit, needUnit('other'), user, needUser('other'), needPackage('p'), needPackage('q')],
  ];
  const unknown = (world: World) =>
    everything.filter((need) => world.records(need) === undefined).map(({ kind, key }) => `${kind} ${key}`);

  test.each([
    [{ paths: ['/etc/dir'] }, ['path /etc/dir', 'path /etc/dir/below', 'digest /etc/dir/below']],
    [{ paths: ['/etc/dir/'] }, ['path /etc/dir', 'path /etc/dir/below', 'digest /etc/dir/below']],
    [{ units: ['etcd'] }, ['unit etcd.service']],
    [{ users: ['postgres'] }, ['user postgres']],
    [{ packages: ['q'] }, ['package q']],
    [{}, []],
  ])('%j', (provides, expected) => {
    const world = worldWith(...everything);
    takeEffect(world, instance(provides), ['*']);
    expect(unknown(world)).toEqual(expected);
  });

  test('without it all is unknown', () => {
    const world = worldWith(...everything);
    takeEffect(world, instance(undefined), ['*']);
    expect(unknown(world)).toHaveLength(everything.length);
    expect(world.unknownReason(fileNeed)).toBe('"install" comes first');
  });

  test('a deferred task writes what it looks at and may write, a wide one everything, a reader nothing', () => {
    const after = (more: object, mayWrite: readonly Need<unknown>[] = []) => {
      const world = worldWith(...everything);
      takeUnknownEffect(world, instance(undefined, more, mayWrite));
      return unknown(world);
    };
    expect(after({})).toEqual(['path /etc/f']);
    expect(after({}, [unit])).toEqual(['path /etc/f', 'unit etcd.service']);
    expect(after({ wide: true })).toHaveLength(everything.length);
    expect(after({ readOnly: true }, [unit])).toEqual([]);
  });
});
