import { stringifyWithSecrets } from '../core/secrets.ts';
import { quote } from '../shell/quote.ts';
import { isEqual, isTruthy, kindOf, LazyMap, namesOf, propertyOf, type Value } from './value.ts';

/** A helper's arguments are wrong; the evaluator adds the position. */
export class HelperError extends Error {}

export interface Helper {
  readonly usage: string;
  readonly arity: readonly [least: number, most: number];
  call(args: readonly Value[]): Value;
}

function text(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new HelperError(`expected text, found ${kindOf(value ?? null)}`);
}

function number(value: Value | undefined): number {
  const found = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
  if (typeof found === 'number') return found;
  throw new HelperError(`expected a number, found ${kindOf(value ?? null)}`);
}

function list(value: Value | undefined): Value[] {
  if (Array.isArray(value)) return value;
  throw new HelperError(`expected a list, found ${kindOf(value ?? null)}`);
}

/** The names a map has. */
function names(value: Value | undefined, expected = 'a map'): string[] {
  if (value instanceof LazyMap || (value && typeof value === 'object' && !Array.isArray(value)))
    return namesOf(value);
  throw new HelperError(`expected ${expected}, found ${kindOf(value ?? null)}`);
}

function divide(dividend: number, divisor: number): number {
  if (divisor === 0) throw new HelperError('division by zero');
  return Math.trunc(dividend / divisor);
}

function matches(subject: string, expression: string): boolean {
  let compiled: RegExp;
  try {
    compiled = new RegExp(expression);
  } catch {
    throw new HelperError(`"${expression}" is not a regular expression`);
  }
  return compiled.test(subject);
}

function compare(left: Value | undefined, right: Value | undefined): number {
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  return number(left) - number(right);
}

/** Versions by their numbers, part by part: 3.10 is above 3.9. Debian's epoch and revision don't count. */
export function compareVersions(left: string, right: string): number {
  const parts = (version: string) =>
    version
      .replace(/^\d+:/, '')
      .split(/[^0-9]+/)
      .filter((part) => part !== '')
      .map(Number);
  const [one, other] = [parts(left), parts(right)];
  for (let index = 0; index < Math.min(one.length, other.length); index++) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function define(usage: string, least: number, most: number, call: Helper['call']): Helper {
  return { usage, arity: [least, most], call };
}

const at = (value: Value, key: Value | undefined): Value => {
  const found = propertyOf(value, text(key));
  if (found === undefined) throw new HelperError(`there is no "${text(key)}" in it`);
  return found;
};

/** Helpers without laziness; `and`, `or`, `default`, `defined` and `choose` are the evaluator's own. */
export const helpers: Readonly<Record<string, Helper>> = {
  eq: define('eq A B', 2, 2, ([a, b]) => isEqual(a ?? null, b ?? null)),
  ne: define('ne A B', 2, 2, ([a, b]) => !isEqual(a ?? null, b ?? null)),
  lt: define('lt A B', 2, 2, ([a, b]) => compare(a, b) < 0),
  le: define('le A B', 2, 2, ([a, b]) => compare(a, b) <= 0),
  gt: define('gt A B', 2, 2, ([a, b]) => compare(a, b) > 0),
  ge: define('ge A B', 2, 2, ([a, b]) => compare(a, b) >= 0),
  not: define('not A', 1, 1, ([a]) => !isTruthy(a ?? null)),
  in: define('in ITEM LIST', 2, 2, ([item, within]) =>
    typeof within === 'string'
      ? within.includes(text(item))
      : (Array.isArray(within) ? within : names(within, 'a list or a map')).some((other) =>
          isEqual(other, item ?? null),
        ),
  ),
  version_lt: define('version_lt A B', 2, 2, ([a, b]) => compareVersions(text(a), text(b)) < 0),
  version_ge: define('version_ge A B', 2, 2, ([a, b]) => compareVersions(text(a), text(b)) >= 0),
  add: define('add A B …', 2, 9, (args) => args.reduce<number>((sum, item) => sum + number(item), 0)),
  sub: define('sub A B', 2, 2, ([a, b]) => number(a) - number(b)),
  mul: define('mul A B …', 2, 9, (args) => args.reduce<number>((product, item) => product * number(item), 1)),
  div: define('div A B', 2, 2, ([a, b]) => divide(number(a), number(b))),
  max: define('max A B …', 1, 9, (args) => Math.max(...args.map(number))),
  min: define('min A B …', 1, 9, (args) => Math.min(...args.map(number))),
  int: define('int A', 1, 1, ([a]) => Math.trunc(number(a))),
  bool: define('bool A', 1, 1, ([a]) =>
    typeof a === 'string' ? /^(yes|true|on|1)$/i.test(a) : isTruthy(a ?? null),
  ),
  string: define('string A', 1, 1, ([a]) => text(a)),
  length: define('length A', 1, 1, ([a]) =>
    typeof a === 'string' || Array.isArray(a) ? a.length : names(a, 'text, a list or a map').length,
  ),
  lower: define('lower TEXT', 1, 1, ([a]) => text(a).toLowerCase()),
  upper: define('upper TEXT', 1, 1, ([a]) => text(a).toUpperCase()),
  trim: define('trim TEXT', 1, 1, ([a]) => text(a).trim()),
  replace: define('replace TEXT OLD NEW', 3, 3, ([a, b, c]) => text(a).replaceAll(text(b), () => text(c))),
  split: define('split TEXT SEPARATOR', 2, 2, ([a, b]) => text(a).split(text(b))),
  starts_with: define('starts_with TEXT START', 2, 2, ([a, b]) => text(a).startsWith(text(b))),
  ends_with: define('ends_with TEXT END', 2, 2, ([a, b]) => text(a).endsWith(text(b))),
  matches: define('matches TEXT REGEXP', 2, 2, ([a, b]) => matches(text(a), text(b))),
  join: define('join LIST SEPARATOR', 1, 2, ([a, b]) =>
    list(a)
      .map(text)
      .join(b === undefined ? ',' : text(b)),
  ),
  concat: define('concat A B …', 1, 20, (args) =>
    args.every(Array.isArray) ? args.flat() : args.map(text).join(''),
  ),
  list: define('list A B …', 0, 20, (args) => [...args]),
  first: define('first LIST', 1, 1, ([a]) => at(list(a), '0')),
  last: define('last LIST', 1, 1, ([a]) => at(list(a), String(list(a).length - 1))),
  unique: define('unique LIST', 1, 1, ([a]) =>
    list(a).filter((item, index, all) => all.findIndex((other) => isEqual(other, item)) === index),
  ),
  sort: define('sort LIST', 1, 1, ([a]) => [...list(a)].sort(compare)),
  without: define('without LIST ITEM', 2, 2, ([a, b]) => list(a).filter((item) => !isEqual(item, b ?? null))),
  flatten: define('flatten LISTS', 1, 1, ([a]) => list(a).flatMap(list)),
  intersect: define('intersect LIST LIST', 2, 2, ([a, b]) =>
    list(a).filter((item) => list(b).some((other) => isEqual(other, item))),
  ),
  keys: define('keys MAP', 1, 1, ([a]) => names(a)),
  lookup: define('lookup MAP KEY', 2, 2, ([a, b]) => at(a ?? null, b)),
  merge: define('merge MAP MAP …', 1, 9, (args) =>
    Object.fromEntries(args.flatMap((map) => names(map).map((key) => [key, at(map, key)] as const))),
  ),
  map: define('map LIST KEY', 2, 2, ([a, b]) => list(a).map((item) => at(item, b))),
  pick: define('pick MAPS NAMES KEY', 2, 3, ([maps, names, key]) =>
    list(names).map((name) => (key === undefined ? at(maps ?? null, name) : at(at(maps ?? null, name), key))),
  ),
  endpoints: define('endpoints NAMES hostvars KEY', 3, 3, ([names, maps, key]) =>
    list(names).map((name) => ({ name, address: at(at(maps ?? null, name), key) })),
  ),
  json: define('json A', 1, 1, ([a]) => stringifyWithSecrets(a ?? null)),
  quote: define('quote TEXT', 1, 1, ([a]) => quote(text(a))),
  basename: define('basename PATH', 1, 1, ([a]) => text(a).replace(/^.*\//, '')),
  dirname: define('dirname PATH', 1, 1, ([a]) => text(a).replace(/\/[^/]*$/, '') || '/'),
};
