import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderValue } from '../../../src/vars/evaluate.ts';
import { compareVersions } from '../../../src/vars/helpers.ts';
import { templateOfFile } from '../../../src/vars/template.ts';
import type { Value } from '../../../src/vars/value.ts';
import { refusal, scopeOver } from '../support.ts';

const hosts = { n1: { address: '10.0.0.1' }, n2: { address: '10.0.0.2' } };
const sample: Record<string, Value> = {
  list: ['b', 'a', 'b'],
  numbers: [10, 9, 1],
  map: { a: 1, b: 2 },
  hosts,
  name: 'node1',
  version: '1:3.4.23-4',
  nil: null,
};
const call = (expression: string, names = sample): Value =>
  renderValue(templateOfFile({ path: 'x', text: `{{${expression}}}` }), scopeOver(names));

describe('helpers', () => {
  test.each<[string, Value]>([
    ['eq 1 1', true],
    ['eq 1 "1"', false],
    ['eq (list 1 (list 2)) (list 1 (list 2))', true],
    ['eq map (merge map)', true],
    ['ne map (list)', true],
    ['lt 9 10', true],
    ['lt "9" "10"', false],
    ['le "9" 10', true],
    ['gt 2 2', false],
    ['ge 2 2', true],
    ['not ""', true],
    ['in "a" list', true],
    ['in "z" list', false],
    ['in "a" map', true],
    ['in "ode" name', true],
    ['version_lt version "3.4.24"', true],
    ['version_ge version "3.4.23"', true],
    ['version_ge "3.10" "3.9"', true],
    ['add 1 2 3', 6],
    ['add "1" 2', 3],
    ['sub 1 2', -1],
    ['mul 2 3', 6],
    ['div 7 2', 3],
    ['div -7 2', -3],
    ['max 5 (add 3 2) 7', 7],
    ['min 5 2', 2],
    ['int "12"', 12],
    ['int 1.9', 1],
    ['bool "Yes"', true],
    ['bool "0"', false],
    ['bool 1', true],
    ['string 5', '5'],
    ['length list', 3],
    ['length map', 2],
    ['length "abc"', 3],
    ['upper "a"', 'A'],
    ['trim " a "', 'a'],
    ['replace "a.b.c" "." "$&"', 'a$&b$&c'],
    ['split "a,b" ","', ['a', 'b']],
    ['starts_with name "no"', true],
    ['ends_with name "1"', true],
    ['matches name "^node\\d$"', true],
    ['join list', 'b,a,b'],
    ['join numbers " "', '10 9 1'],
    ['concat "a" 1 true', 'a1true'],
    ['concat list (list "c")', ['b', 'a', 'b', 'c']],
    ['first list', 'b'],
    ['last numbers', 1],
    ['unique list', ['b', 'a']],
    ['sort list', ['a', 'b', 'b']],
    ['sort numbers', [1, 9, 10]],
    ['without list "b"', ['a']],
    ['keys map', ['a', 'b']],
    ['lookup map "b"', 2],
    ['lookup list 1', 'a'],
    ['merge map (lookup hosts "n1")', { a: 1, b: 2, address: '10.0.0.1' }],
    ['pick hosts (list "n2" "n1") "address"', ['10.0.0.2', '10.0.0.1']],
    ['pick (lookup hosts "n2") (list "address")', ['10.0.0.2']],
    ['flatten (list (list 1 2) (list) (list 3))', [1, 2, 3]],
    ['intersect (list "a" "b" "c") (list "c" "a" "d")', ['a', 'c']],
    ['map (endpoints (list "n1") hosts "address") "name"', ['n1']],
    ['endpoints (list "n1") hosts "address"', [{ name: 'n1', address: '10.0.0.1' }]],
    ['json map', '{"a":1,"b":2}'],
    ['quote "it is"', "'it is'"],
    ['basename "/a/b.c"', 'b.c'],
    ['dirname "/a/b.c"', '/a'],
    ['dirname "/a"', '/'],
    ['and 1 "" ', false],
    ['or 0 "x"', true],
    ['default nobody 5', 5],
    ['default nil 5', 5],
    ['default map.q 5', 5],
    ['default map.a 5', 1],
    ['defined nobody', false],
    ['defined nil', false],
    ['defined map.a', true],
    ['choose true 1 nobody', 1],
    ['choose "" nobody 2', 2],
    ['and false nobody', false],
    ['or true nobody', true],
  ])('%s', (expression, expected) => {
    expect(call(expression)).toEqual(expected);
  });

  test.each([
    ['add 1 "x"', 'x:1:3 add: expected a number, found text -> add A B …'],
    ['div 1 0', 'x:1:3 div: division by zero -> div A B'],
    ['join name', 'x:1:3 join: expected a list, found text -> join LIST SEPARATOR'],
    ['join (list map)', 'x:1:3 join: expected text, found a map -> join LIST SEPARATOR'],
    ['matches name "("', 'x:1:3 matches: "(" is not a regular expression -> matches TEXT REGEXP'],
    ['lookup map "q"', 'x:1:3 lookup: there is no "q" in it -> lookup MAP KEY'],
    ['lookup map "constructor"', 'x:1:3 lookup: there is no "constructor" in it -> lookup MAP KEY'],
    ['first (list)', 'x:1:3 first: there is no "0" in it -> first LIST'],
    ['last (list)', 'x:1:3 last: there is no "-1" in it -> last LIST'],
    ['keys list', 'x:1:3 keys: expected a map, found a list -> keys MAP'],
    ['in 1 5', 'x:1:3 in: expected a list or a map, found a number -> in ITEM LIST'],
    ['pick hosts (list "n9") "address"', 'x:1:3 pick: there is no "n9" in it -> pick MAPS NAMES KEY'],
    ['flatten (list 1)', 'x:1:3 flatten: expected a list, found a number -> flatten LISTS'],
    ['default nobody', 'x:1:3 wrong number of arguments for default -> default NAME VALUE'],
  ])('%s is refused', (expression, message) => {
    expect(refusal(() => call(expression))).toBe(message);
  });

  test('json of anything reads back', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false, maxDepth: 3 }), (value) => {
        fc.pre(!JSON.stringify(value).includes('\uE000'));
        const json = call('json value', { value: value as Value });
        expect(JSON.parse(json as string)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('unique and sort keep what there is; unique keeps it once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (list) => {
        expect(new Set(call('unique list', { list }) as number[])).toEqual(new Set(list));
        expect(call('length (unique list)', { list })).toBe(new Set(list).size);
        expect(call('sort list', { list })).toEqual([...list].sort((a, b) => a - b));
      }),
    );
  });
});

describe('compareVersions', () => {
  test.each([
    ['3.4.23', '3.4.23', 0],
    ['3.10', '3.9', 1],
    ['3.4', '3.4.23', 0],
    ['1:3.0.2-1', '3.0.2', 0],
    ['16.4-1.pgdg22.04+1', '16.3', 1],
    ['2.1.3-1ubuntu1', '3.0', -1],
  ])('%s against %s', (left, right, sign) => {
    expect(Math.sign(compareVersions(left, right))).toBe(sign);
    expect(Math.sign(compareVersions(right, left))).toBe(sign === 0 ? 0 : -sign);
  });
});
