import { describe, expect, test } from 'vitest';
import { renderValue } from '../../../src/vars/evaluate.ts';
import { translateJinja } from '../../../src/vars/jinja.ts';
import { templateOfExpression } from '../../../src/vars/template.ts';
import { isTruthy, type Value } from '../../../src/vars/value.ts';
import { scalarOf, scopeOver } from '../support.ts';

const variables: Record<string, Value> = {
  a: 'x',
  b: true,
  f: false,
  n: 5,
  z: 0,
  e: '',
  things: ['p', 'q', 'p'],
  maps: [
    { name: 'u', v: 1 },
    { name: 'w', v: 2 },
  ],
  m: { k: 'v', l: { deep: 1 } },
  path: '/etc/x.yml',
  word: '  Mixed ',
  r: { rc: 0, stdout: 'ok', changed: true, failed: false, skipped: false, stdout_lines: ['one', 'two'] },
  nine: '9',
};

/** What Jinja (Ansible 2.14) makes of usual expressions with these variables. */
const usual: [source: string, value: unknown][] = [
  ['not a == b', true],
  ["not a == 'x'", false],
  ['gone is not defined', true],
  ['a is not defined', false],
  ['gone is undefined', true],
  ['a is defined', true],
  ['m.gone is defined', false],
  ['m.l.deep is defined', true],
  ["a == 'x' or f", true],
  ["a == 'y' or b", true],
  ["a == 'x' and n > 3", true],
  ["a == 'x' and not b", false],
  ["a == 'x' and (n < 3 or b)", true],
  ["(a == 'y' or b) and n != 5", false],
  ['n >= 5', true],
  ['n <= 4', false],
  ['n > 5', false],
  ['n < 6', true],
  ["'p' in things", true],
  ["'z' not in things", true],
  ["a in ['x', 'y']", true],
  ["a not in ['x', 'y']", false],
  ["'k' in m", true],
  ['r is changed', true],
  ['r is failed', false],
  ['r is succeeded', true],
  ['r is not skipped', true],
  ['r.rc == 0', true],
  ["r.rc != 0 and r.stdout == 'ok'", false],
  ['things | length > 2', true],
  ['things | length == 2', false],
  ['things | unique | list | length', '2'],
  ['b and f', false],
  ['b or f', true],
  ['not b', false],
  ['not f', true],
  ['a and b', true],
  ['e or a', 'x'],
  ['b | bool', true],
  ["things | join(',')", 'p,q,p'],
  ['things | unique | list', ['p', 'q']],
  ["maps | map(attribute='name') | list", ['u', 'w']],
  ["maps | map(attribute='name') | join(' ')", 'u w'],
  ["gone | default('d')", 'd'],
  ["a | default('d')", 'x'],
  ['m.gone | default(3)', '3'],
  ['a | upper', 'X'],
  ['word | trim | lower', 'mixed'],
  ['nine | int', '9'],
  ['nine | int > 8', true],
  ['things | first', 'p'],
  ['things | last', 'p'],
  ['path | basename', 'x.yml'],
  ["a | replace('x', 'yy')", 'yy'],
  ["'a,b' | split(',')", ['a', 'b']],
  ["m['k']", 'v'],
  ['things[1]', 'q'],
  ['r.stdout_lines[0]', 'one'],
  ["m['l']['deep'] == 1", true],
  ["'yes' if b else 'no'", 'yes'],
  ["a if n > 9 else 'less'", 'less'],
  ["'5' == n", false],
  ['n == 5.0', true],
];

/** Those of which there is no form that means the same for sure. */
const others = [
  'a == none',
  "a is match('x')",
  "a ~ '-' ~ n",
  "e | default('d', true)",
  "m | combine({'k': 1})",
  'm | to_json',
  'm.keys() | list',
  "maps | selectattr('v', 'equalto', 1) | list",
  'n + 1',
  "things + ['z']",
  'things | list',
  'things | random',
  'things | sort',
  "word | regex_replace('M', 'm')",
];

const textIn = (value: unknown) => JSON.stringify(value).replaceAll(/"(\d+)"/g, '$1');

function valueOf(expression: string): Value {
  return renderValue(
    templateOfExpression(scalarOf(`key: ${JSON.stringify(expression)}`)),
    scopeOver(variables),
  );
}

describe('what is written instead of Jinja means the same', () => {
  test.each(usual)('%s', (source, value) => {
    const condition = translateJinja(source, true) ?? '';
    expect(isTruthy(valueOf(condition))).toBe(isTruthy(value as Value));
    const ours = translateJinja(source, false);
    // Numbers that come out of Ansible's templates are text.
    if (ours !== undefined) expect(textIn(valueOf(ours))).toBe(textIn(value));
  });

  test.each(others)('nothing is written instead of %s', (source) => {
    expect(translateJinja(source, true)).toBeUndefined();
    expect(translateJinja(source, false)).toBeUndefined();
  });

  test.each(['a or n', 'e or a', 'a and b', '(a or b) == n'])('%s is no condition, but a value', (source) => {
    expect(translateJinja(source, false)).toBeUndefined();
  });
});
