import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inTurns } from '../../../src/core/in-turns.ts';

test('inTurns begins each when those before it wait for something outside, and waits for all', async () => {
  const told: string[] = [];
  await inTurns(['a', 'b'], async (item) => {
    // Awaiting what is there already is no waiting.
    for (const step of [1, 2, 3]) told.push(`${item}${await Promise.resolve(step)}`);
    await delay(1);
    told.push(`${item} done`);
  });
  expect(told.filter((each) => !each.endsWith('done'))).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3']);
  expect(told.filter((each) => each.endsWith('done')).sort()).toEqual(['a done', 'b done']);
});

test('inTurns fails as one of them does, wherever it stands', async () => {
  const begun: number[] = [];
  const work = (item: number) => {
    begun.push(item);
    return item === 2 ? Promise.reject(new Error('the second')) : Promise.resolve();
  };
  await expect(inTurns([1, 2, 3], work)).rejects.toThrow('the second');
  expect(begun).toEqual([1, 2, 3]);
});
