import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { painter } from '../../../src/output/style.ts';
import { formatTable } from '../../../src/output/table.ts';
import { visible, visibleInColour, visibleJson, visibleLine } from '../../../src/output/visible.ts';

const escape = '\u001b';

test.each([
  ['a cursor that moves', `${escape}[2A${escape}[2Kall is well`, '\\x1b[2A\\x1b[2Kall is well'],
  ['a title, ended by a bell', `${escape}]0;gone\u0007`, '\\x1b]0;gone\\x07'],
  ['the C1 form of an escape', '\u009b31m', '\\x9b31m'],
  ['a carriage return', 'failed\rpassed', 'failed\\rpassed'],
  ['a backspace', 'no\b\byes', 'no\\x08\\x08yes'],
  ['text turned around', 'a\u202egnp.exe\u2066', 'a\\u202egnp.exe\\u2066'],
  ['a line separator', 'a\u2028b', 'a\\u2028b'],
  ['characters of people’s', 'größe ☃ 日本 😀\tand\nlines', 'größe ☃ 日本 😀\tand\nlines'],
])('%s is spelt out', (_what, text, shown) => {
  expect(visible(text)).toBe(shown);
});

test('what stays on its line has no line of its own', () => {
  expect(visibleLine('node1\nnode2  leader')).toBe('node1\\nnode2  leader');
});

test('a cell of a table is one', () => {
  const columns = [{ title: 'member', text: ([name = '']: readonly string[]) => name }];
  const plain = painter(false);
  expect(formatTable([['a\nb\u001b[2J']], columns, plain)).toBe('member\na\\nb\\x1b[2J');
});

describe('drover’s own colours', () => {
  test('are left, and nothing else with them', () => {
    const red = painter(true)('red', `gone${escape}[8m`);
    expect(visibleInColour(red)).toBe(`${escape}[31mgone\\x1b[8m${escape}[39m`);
  });

  test.each(['bold', 'dim', 'red', 'green', 'yellow', 'cyan'] as const)('with %s', (colour) => {
    const text = painter(true)(colour, 'x');
    expect(visibleInColour(text)).toBe(text);
  });
});

test('JSON keeps what it says', () => {
  const data = { name: `a\u009b2J${escape}\u202eb\u2028`, text: 'x\n\ty' };
  const json = visibleJson(JSON.stringify(data, null, 2));
  expect(JSON.parse(json)).toEqual(data);
  expect(json).not.toMatch(/[\u0080-\u009f\u202e\u2028]/u);
});

test('all that is printed goes through print.ts', () => {
  // Others write to the streams themselves only what no host has a say in.
  const found = execFileSync('grep', ['-rnE', 'process\\.std(out|err)\\.write', 'src'], { encoding: 'utf8' });
  const files = new Set(found.split('\n').flatMap((line) => line.split(':')[0] ?? []));
  expect([...files].filter(Boolean).sort()).toEqual(['src/cli/main.ts', 'src/cli/print.ts']);
});
