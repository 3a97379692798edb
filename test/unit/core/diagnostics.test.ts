import { describe, expect, test } from 'vitest';
import { didYouMean, formatDiagnostic, mergeHosts } from '../../../src/core/diagnostics.ts';
import { InvalidInputError } from '../../../src/core/errors.ts';
import { positionOf } from '../../../src/core/source.ts';

const file = {
  path: 'inventory/three-node.yml',
  text: 'all:\n  hosts:\n\tnode1: { ansible_hots: 10.0.0.7 }\nlast',
};
const rangeOf = (word: string, length = word.length) => {
  const start = file.text.indexOf(word);
  return { file, start, end: start + length };
};

describe('formatDiagnostic', () => {
  test('underlines the stretch under its line, behind the same tabs, with the hint', () => {
    const shown = formatDiagnostic({
      message: 'unknown key "ansible_hots"',
      at: rangeOf('ansible_hots'),
      hint: 'did you mean "ansible_host"?',
    });
    expect(shown).toBe(
      [
        'inventory/three-node.yml:3:11  unknown key "ansible_hots"',
        '    3 | \tnode1: { ansible_hots: 10.0.0.7 }',
        '      | \t         ^^^^^^^^^^^^ did you mean "ansible_host"?',
      ].join('\n'),
    );
  });

  test('a stretch over several lines is underlined to the end of its first', () => {
    expect(formatDiagnostic({ message: 'too much', at: rangeOf('hosts:', 40) })).toBe(
      ['inventory/three-node.yml:2:3  too much', '    2 |   hosts:', '      |   ^^^^^^'].join('\n'),
    );
  });

  test('an empty stretch at the end of the text still has a mark', () => {
    const end = file.text.length;
    expect(formatDiagnostic({ message: 'ends here', at: { file, start: end, end }, hosts: ['a', 'b'] })).toBe(
      ['inventory/three-node.yml:4:5  ends here (on a, b)', '    4 | last', '      |     ^'].join('\n'),
    );
  });

  test('without a place it is the message, and the hint below', () => {
    expect(formatDiagnostic({ message: 'no hosts matched', hint: 'look at --limit' })).toBe(
      'no hosts matched\n   look at --limit',
    );
    expect(formatDiagnostic({ message: 'no hosts matched', hosts: ['n1'] })).toBe('no hosts matched (on n1)');
  });

  test('an error of several is all of them, in order', () => {
    expect(new InvalidInputError([{ message: 'one' }, { message: 'two', hint: 'try' }]).message).toBe(
      'one\ntwo\n   try',
    );
  });
});

test('positions count from 1, and a line break belongs to its line', () => {
  const source = { path: 'f', text: 'ab\n\ncd' };
  expect([0, 2, 3, 4, 5].map((offset) => positionOf(source, offset))).toEqual([
    { line: 1, column: 1 },
    { line: 1, column: 3 },
    { line: 2, column: 1 },
    { line: 3, column: 1 },
    { line: 3, column: 2 },
  ]);
});

describe('didYouMean', () => {
  test.each([
    ['ansible_hots', ['ansible_host', 'ansible_port'], 'did you mean "ansible_host"?'],
    ['hsot', ['host'], 'there are: host'],
    ['hots', ['host', 'host'], 'there are: host'],
    ['hosts', ['host', 'vars'], 'did you mean "host"?'],
    ['frobnicate', ['vars', 'hosts', 'children'], 'there are: children, hosts, vars'],
    ['anything', [], undefined],
    ['frobnicate', Array.from({ length: 31 }, (_, index) => `name${index}`), undefined],
  ])('%s among %j', (word, candidates, hint) => {
    expect(didYouMean(word, candidates).hint).toBe(hint);
  });
});

test('a problem that several hosts share is one, with all its hosts', () => {
  const file = { path: 'play.yml', text: 'a: b' };
  const at = { file, start: 0, end: 1 };
  expect(
    mergeHosts([
      { message: 'wrong', at, hosts: ['n1'] },
      { message: 'wrong', at, hosts: ['n2', 'n1'] },
      { message: 'wrong', at: { ...at, start: 3 }, hosts: ['n1'] },
      { message: 'worse', at, hint: 'mend it' },
    ]),
  ).toEqual([
    { message: 'wrong', at, hosts: ['n1', 'n2'] },
    { message: 'wrong', at: { ...at, start: 3 }, hosts: ['n1'] },
    { message: 'worse', at, hint: 'mend it', hosts: [] },
  ]);
});
