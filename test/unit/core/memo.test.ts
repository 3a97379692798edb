import { describe, expect, test } from 'vitest';
import { memoize, memoizeLast } from '../../../src/core/memo.ts';

describe('memoizeLast', () => {
  test('gives the last results again for the same items, and no others', () => {
    const worked: string[] = [];
    const join = memoizeLast((items: readonly object[]) => {
      const text = items.map((item) => JSON.stringify(item)).join();
      worked.push(text);
      return text;
    }, 2);
    const [a, b] = [{ name: 'a' }, { name: 'b' }];
    [
      [a, b],
      [a, b],
      [b, a],
      [a, b],
    ].forEach((items) => join(items));
    expect(worked).toEqual(['{"name":"a"},{"name":"b"}', '{"name":"b"},{"name":"a"}']);
    [[a], [a, b], [{ name: 'a' }], [b, a]].forEach((items) => join(items));
    expect(worked.slice(2), 'the oldest is forgotten').toEqual([
      '{"name":"a"}',
      '{"name":"a"},{"name":"b"}',
      '{"name":"b"},{"name":"a"}',
    ]);
  });

  test.each<[string, unknown, unknown, boolean]>([
    ['equal data', { a: [1, { b: 'x' }] }, { a: [1, { b: 'x' }] }, true],
    ['names in another order, in which a template goes through them', { a: 1, b: 2 }, { b: 2, a: 1 }, false],
    ['a list and a map', [], {}, false],
    ['lists of other lengths', [1], [1, undefined], false],
    ['nothing and no value', undefined, null, false],
    ['NaN', NaN, NaN, true],
    ['two instances of a class: what they hold is their own', new Map(), new Map(), false],
    ['two functions', () => 1, () => 1, false],
  ])('compares %s', (_what, one, other, isSame) => {
    let calls = 0;
    const work = memoizeLast((_value: unknown) => calls++);
    work(one);
    work(other);
    expect(calls).toBe(isSame ? 1 : 2);
  });

  test('remembers that nothing came of it, and no failure', () => {
    let calls = 0;
    const work = memoizeLast((fails: boolean) => {
      calls++;
      if (fails) throw new Error('failed');
    });
    for (let time = 0; time < 2; time++) {
      work(false);
      expect(() => {
        work(true);
      }).toThrow('failed');
    }
    expect(calls).toBe(3);
  });
});

describe('memoize', () => {
  test('tells objects by identity, and remembers the last result of each', () => {
    const worked: string[] = [];
    const work = memoize((key: { name: string } | string, more: number) => {
      worked.push(`${typeof key === 'string' ? key : key.name} ${more}`);
      return worked.length;
    });
    const [a, twin] = [{ name: 'a' }, { name: 'a' }];
    expect([work(a, 1), work(a, 1), work(twin, 1), work('a', 1), work('a', 1)]).toEqual([1, 1, 2, 3, 3]);
    expect([work(a, 2), work(a, 1), work(twin, 1)], 'with other arguments it is made again').toEqual([
      4, 5, 2,
    ]);
    expect(worked).toEqual(['a 1', 'a 1', 'a 1', 'a 2', 'a 1']);
  });
});
