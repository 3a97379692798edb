import { expect, test } from 'vitest';
import type { Instance } from '../../../../src/engine/tasks/instance.ts';
import { timeoutOf } from '../../../../src/engine/applying/perform.ts';
import { run, type Operation } from '../../../../src/plan/operation.ts';

const file = run('', { allOrNothing: true });
const instance = (timeout?: number) => ({ task: { timeout } }) as Instance;

test.each<[string, number | undefined, Operation[], number | undefined]>([
  ['a script has 300 seconds', undefined, [run('')], 300],
  ['or what it says itself', undefined, [run('', { timeout: 1800 }), run('', { timeout: 60 })], 1860],
  ['the task’s own limit holds for all of it', 20, [run(''), file], 20],
  ['many small files have those of one script', undefined, Array<Operation>(250).fill(file), 300],
  ['or a second for each', undefined, Array<Operation>(1000).fill(file), 1000],
  ['beside what else there is', undefined, [run(''), file, file], 600],
  ['what is no script has none', undefined, [], undefined],
])('%s', (_what, own, operations, seconds) => {
  expect(timeoutOf(instance(own), operations)).toBe(seconds);
});
