import { describe, expect, test } from 'vitest';
import { entryOf, nodeAt, rangeWithin, scalarsOf, toData } from '../../../src/core/node.ts';
import { positionOf } from '../../../src/core/source.ts';
import { nodeOf, scalarOf } from '../support.ts';

describe('rangeWithin finds a stretch of a scalar’s value in the file', () => {
  const shown = (yaml: string, needle: string): string => {
    const node = scalarOf(yaml);
    const range = rangeWithin(node, String(node.value).indexOf(needle), needle.length);
    const { line, column } = positionOf(range.file, range.start);
    return `${line}:${column} ${range.file.text.slice(range.start, range.end)}`;
  };

  test.each([
    ['plain', 'key: say {{ it }} loud\n', '1:10 {{ it }}'],
    ['single quotes', "key: '{{ it }}'\n", '1:7 {{ it }}'],
    ['double quotes', 'key: "a {{ it }}"\n', '1:9 {{ it }}'],
    ['a literal block', 'key: |\n  one\n  two {{ it }}\n  {{ other }}\n', '3:7 {{ it }}'],
    ['a literal block with a comment in its head', 'key: |- # {{ it\n  one\n\n  {{ it }}\n', '4:3 {{ it }}'],
    ['a literal block with deeper lines', 'key: |\n  if x\n    {{ it }}\n', '3:5 {{ it }}'],
    ['a literal block with its indentation given', 'key: |2\n    one\n   {{ it }}\n', '3:4 {{ it }}'],
    ['a literal block of one line', 'key: |-\n  {{ it }}\n', '2:3 {{ it }}'],
    ['a folded block of one line', 'key: >-\n  a {{ it }}\n', '2:5 {{ it }}'],
    ['an anchored literal block', 'key: &k |\n  one\n  {{ it }}\n', '3:3 {{ it }}'],
  ])('%s', (_, yaml, place) => {
    expect(shown(yaml, '{{ it }}')).toBe(place);
  });

  test.each([
    ['escapes', 'key: "a\\t{{ it }}"\n', '1:6 "a\\t{{ it }}"'],
    ['doubled quotes', "key: 'it''s {{ it }}'\n", "1:6 'it''s {{ it }}'"],
    ['folded lines', 'key: >-\n  one\n  {{ it }}\n', '1:6 >-\n  one\n  {{ it }}\n'],
    ['a plain text over lines', 'key: one\n  {{ it }}\n', '1:6 one\n  {{ it }}'],
  ])('%s hide it: the whole scalar', (_, yaml, place) => {
    expect(shown(yaml, '{{ it }}')).toBe(place);
  });

  test('the very start of a block that begins with an empty line', () => {
    const node = scalarOf('key: |\n\n  {{ it }}\n');
    expect(positionOf(node.range.file, rangeWithin(node, 0, 1).start)).toEqual({ line: 2, column: 1 });
  });

  test('a scalar that was taken for a number is found by its text', () => {
    const node = scalarOf('key: 0644\n');
    expect(node.value).toBe(420);
    expect(rangeWithin(node, 1, 3)).toMatchObject({ start: 6, end: 9 });
  });
});

describe('trees', () => {
  const root = nodeOf('a: { b: [1, { c: x }] }\nd: ~\n');

  test('toData drops positions', () => {
    expect(toData(root)).toEqual({ a: { b: [1, { c: 'x' }] }, d: null });
  });

  test('entryOf has the key’s own place', () => {
    expect(entryOf(root, 'd')).toMatchObject({ key: 'd', keyRange: { start: 24, end: 25 } });
    expect(entryOf(root, 'e')).toBeUndefined();
    expect(entryOf(nodeOf('[d]'), 'd')).toBeUndefined();
  });

  test('nodeAt goes as far as the path leads', () => {
    expect(toData(nodeAt(root, ['a', 'b', 1, 'c']))).toBe('x');
    expect(toData(nodeAt(root, ['a', 'b', 7, 'c']))).toEqual([1, { c: 'x' }]);
    expect(toData(nodeAt(root, []))).toEqual(toData(root));
  });

  test('scalarsOf gives the values, not the keys', () => {
    expect([...scalarsOf(root)].map(({ text }) => text)).toEqual(['1', 'x', '~']);
  });
});
