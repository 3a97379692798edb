import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { collectScript, parseCollected } from '../../../src/facts/collectors.ts';
import { needSysctl } from '../../../src/facts/kernel.ts';
import { identify } from '../../../src/facts/need.ts';

test('kernel parameters are read whole, numbers too, and a missing one is unknown', () => {
  const [number, missing] = [needSysctl('kernel.pid_max'), needSysctl('kernel.no_such_parameter')];
  const { stdout } = spawnSync('/bin/sh', ['-c', collectScript([number, missing])], { encoding: 'utf8' });
  const collected = parseCollected(stdout, [number, missing]);
  expect(number.parse(collected.get(identify(number)) ?? [])).toBe(
    readFileSync('/proc/sys/kernel/pid_max', 'utf8').trim(),
  );
  expect(missing.parse(collected.get(identify(missing)) ?? [])).toBeUndefined();
});
