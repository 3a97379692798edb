import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandRanges, RangeError } from '../../../src/config/inventory/ranges.ts';

describe('expandRanges', () => {
  test.each([
    ['node', ['node']],
    ['node[1:3]', ['node1', 'node2', 'node3']],
    ['node[1:3].example.com', ['node1.example.com', 'node2.example.com', 'node3.example.com']],
    ['db[01:03]', ['db01', 'db02', 'db03']],
    ['db[001:010:4]', ['db001', 'db005', 'db009']],
    ['n[:2]', ['n0', 'n1', 'n2']],
    ['n[9:11]', ['n9', 'n10', 'n11']],
    ['rack[a:c]', ['racka', 'rackb', 'rackc']],
    ['x[y:B]', ['xy', 'xz', 'xA', 'xB']],
    ['r[a:b]n[1:2]', ['ran1', 'ran2', 'rbn1', 'rbn2']],
    ['n[2:2]', ['n2']],
  ])('%s', (name, hosts) => {
    expect(expandRanges(name)).toEqual(hosts);
  });

  test.each([
    ['n[3:1]', '[3:1] runs backwards'],
    ['n[c:a]', '[c:a] runs backwards'],
    ['n[1:]', '[1:] is not a range: write [FIRST:LAST] or [FIRST:LAST:STEP]'],
    ['n[3]', '[3] is not a range: write [FIRST:LAST] or [FIRST:LAST:STEP]'],
    ['n[1:9:0]', '[1:9:0] is not a range: write [FIRST:LAST] or [FIRST:LAST:STEP]'],
    ['n[1:9:x]', '[1:9:x] is not a range: write [FIRST:LAST] or [FIRST:LAST:STEP]'],
    ['n[1:9:2:3]', '[1:9:2:3] is not a range: write [FIRST:LAST] or [FIRST:LAST:STEP]'],
    ['n[1:c]', '[1:c] mixes letters and numbers'],
    ['n[-1:2]', '[-1:2] mixes letters and numbers'],
    ['n[01:100]', '[01:100]: with leading zeros both ends need the same number of digits'],
    ['n[1:1000000]', '[1:1000000] is 1000000 hosts'],
    ['n[1:9999]x[1:9999]', 'the ranges of n[1:9999]x[1:9999] are 99980001 hosts'],
  ])('%s is refused', (name, message) => {
    expect(() => expandRanges(name)).toThrow(new RangeError(message));
  });

  const range = fc
    .record({
      first: fc.nat(9999),
      count: fc.integer({ min: 1, max: 50 }),
      step: fc.integer({ min: 1, max: 9 }),
    })
    .map(({ first, count, step }) => ({ first, step, last: first + (count - 1) * step, count }));

  test('has as many hosts as steps fit, all different, in order, each a number of the range', () => {
    fc.assert(
      fc.property(range, ({ first, last, step, count }) => {
        const hosts = expandRanges(`n[${first}:${last}:${step}].x`);
        expect(hosts).toHaveLength(count);
        expect(hosts.map((host) => Number(/^n(\d+)\.x$/.exec(host)?.[1]))).toEqual(
          Array.from({ length: count }, (_, index) => first + index * step),
        );
      }),
    );
  });

  test('padded numbers are all as wide as the ends', () => {
    fc.assert(
      fc.property(range, ({ first, last }) => {
        const pad = (number: number) => `0${String(number).padStart(5, '0')}`;
        const hosts = expandRanges(`n[${pad(first)}:${pad(last)}]`);
        expect(new Set(hosts.map((host) => host.length))).toEqual(new Set([7]));
        expect(hosts[0]).toBe(`n${pad(first)}`);
        expect(hosts.at(-1)).toBe(`n${pad(last)}`);
      }),
    );
  });

  test('several ranges multiply', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (one, other) => {
        expect(new Set(expandRanges(`r[1:${one}]n[1:${other}]`)).size).toBe(one * other);
      }),
    );
  });
});
