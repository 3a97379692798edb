/** The value of an expression: data, or a map whose entries are evaluated when looked up. */
export type Value = string | number | boolean | null | Value[] | LazyMap | { [key: string]: Value };

/** A map evaluated entry by entry: `hostvars` of 500 hosts is not rendered to read one address. */
export abstract class LazyMap {
  abstract get(key: string): Value | undefined;
  abstract keys(): Iterable<string>;
}

/** The value of one name within another value; undefined when there is none. Never reaches prototypes. */
export function propertyOf(value: Value, name: string): Value | undefined {
  if (value instanceof LazyMap) return value.get(name);
  if (Array.isArray(value)) {
    if (name === 'length') return value.length;
    return /^\d+$/.test(name) ? value[Number(name)] : undefined;
  }
  if (value === null || typeof value !== 'object') return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The names a value has: keys, or nothing. */
export function namesOf(value: Value): string[] {
  if (value instanceof LazyMap) return [...value.keys()];
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
  return Object.keys(value);
}

/** Handlebars' truth: false, 0, "" and the empty list are false. */
export function isTruthy(value: Value): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** What kind of thing a value is, for messages. */
export function kindOf(value: Value): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? 'text' : `a ${typeof value}`;
}

/** A plain value as text; undefined for what has no text of its own. */
export function textOf(value: Value): string | undefined {
  return value === null || typeof value === 'object' ? undefined : String(value);
}

/** Equal in type and content. */
export function isEqual(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (left === null || right === null || typeof left !== 'object' || typeof right !== 'object') return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Array.isArray(left) ? [...left.keys()].map(String) : namesOf(left);
  const count = Array.isArray(right) ? right.length : namesOf(right).length;
  return (
    keys.length === count &&
    keys.every((key) => {
      const [one, other] = [propertyOf(left, key), propertyOf(right, key)];
      return one !== undefined && other !== undefined && isEqual(one, other);
    })
  );
}
