/*
 * Hosts in the same state share their work, and a plan is carried out without being worked out again: what was made of
 * the same things is made once, by functions that remember what they gave. All such memory is made here; what lives
 * longer than its inputs (the facts of hosts, parsed texts and code on disk) or is given up for another reason
 * (engine/tasks/evaluations.ts) is not.
 */

/** The function, remembering the last `most` results that it worked out, for calls with the same arguments. */
export function memoizeLast<A extends readonly unknown[], R>(
  work: (...args: A) => R,
  most = 1,
): (...args: A) => R {
  const known: Call<A, R>[] = [];
  return (...args) => {
    const found = known.find((each) => holdTheSame(each.args, args));
    if (found) return found.result;
    const result = work(...args);
    known.unshift({ args, result });
    known.splice(most);
    return result;
  };
}

/**
 * The function, remembering for each first argument what it gave last. An object is told from others by its identity and
 * forgotten with it; texts and numbers are remembered for as long as the function is.
 */
export function memoize<K, A extends readonly unknown[], R>(
  work: (key: K, ...rest: A) => R,
): (key: K, ...rest: A) => R {
  const ofObjects: Store<K, Call<A, R>> = new WeakMap<K & object, Call<A, R>>();
  const ofOthers: Store<K, Call<A, R>> = new Map<K, Call<A, R>>();
  return (key, ...rest) => {
    const store = typeof key === 'object' && key !== null ? ofObjects : ofOthers;
    const last = store.get(key);
    if (last && holdTheSame(last.args, rest)) return last.result;
    const result = work(key, ...rest);
    store.set(key, { args: rest, result });
    return result;
  };
}

interface Call<A, R> {
  readonly args: A;
  readonly result: R;
}

interface Store<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

/** Lists and maps are the same when what they hold is, in the same order; all else when it is identical. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) return Array.isArray(other) && holdTheSame(one, other);
  if (!isMap(one) || !isMap(other)) return Object.is(one, other);
  return (
    holdTheSame(Object.keys(one), Object.keys(other)) && holdTheSame(Object.values(one), Object.values(other))
  );
}

// Records of thousands of facts are compared by it.
function holdTheSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  if (some.length !== others.length) return false;
  for (let at = 0; at < some.length; at++) if (!isSame(some[at], others[at])) return false;
  return true;
}

/** An object of no class: what others hold is not all to be seen. */
function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
