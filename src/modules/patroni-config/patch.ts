import { isMap } from '../../core/is-map.ts';
type Settings = Readonly<Record<string, unknown>>;

interface Difference {
  /** Dotted path. */
  readonly key: string;
  /** JSON; undefined where it is not set. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Maps whose keys are all ours: one that is not wanted is taken out. */
const whole = ['postgresql.parameters'];

export interface Patch {
  /** What makes the configuration as wanted; null in it deletes a key. */
  readonly patch: Settings;
  /** What takes that back. */
  readonly inverse: Settings;
  readonly differences: readonly Difference[];
}

/** What a configuration becomes by a patch, as Patroni applies it: maps merge, null deletes. */
export function applyPatch(config: Settings, patch: Settings): Settings {
  const merged = Object.keys({ ...config, ...patch }).map((key): [string, unknown] => {
    const [current, value] = [config[key], patch[key]];
    if (!Object.hasOwn(patch, key)) return [key, current];
    return [key, isMap(value) ? applyPatch(isMap(current) ? current : {}, value) : value];
  });
  return Object.fromEntries(merged.filter(([key, value]) => value !== null || !Object.hasOwn(patch, key)));
}

/** What differs between two configurations, and the PATCHes there and back. */
export function patchFor(wanted: Settings, actual: Settings): Patch {
  return patchMap(wanted, actual, '');
}

/**
 * What takes a change back where it gave PostgreSQL parameters that were not set: first their values in force by name, since a
 * server goes on waiting for a restart when one is merely taken out. undefined where there are none.
 */
export function detourOf(inverse: Settings, inForce: Settings): Settings | undefined {
  const { postgresql } = inverse;
  const parameters = isMap(postgresql) ? postgresql['parameters'] : undefined;
  if (!isMap(postgresql) || !isMap(parameters)) return undefined;
  const names = Object.keys(parameters).filter(
    (name) => parameters[name] === null && inForce[name] !== undefined,
  );
  if (names.length === 0) return undefined;
  const values = Object.fromEntries(names.map((name) => [name, inForce[name]]));
  return { ...inverse, postgresql: { ...postgresql, parameters: { ...parameters, ...values } } };
}

function patchMap(wanted: Settings, actual: Settings, path: string): Patch {
  const patch: Record<string, unknown> = {};
  const inverse: Record<string, unknown> = {};
  const differences: Difference[] = [];
  const extra = whole.includes(path) ? Object.keys(actual).filter((key) => !Object.hasOwn(wanted, key)) : [];
  for (const key of [...Object.keys(wanted), ...extra]) {
    const [goal, current] = [wanted[key], actual[key]];
    const place = path === '' ? key : `${path}.${key}`;
    // Patroni merges maps: an empty one takes nothing out.
    if (isMap(goal) && (isMap(current) || Object.keys(goal).length > 0)) {
      const inner = patchMap(goal, isMap(current) ? current : {}, place);
      if (inner.differences.length === 0) continue;
      patch[key] = inner.patch;
      inverse[key] = isMap(current) ? inner.inverse : (current ?? null);
      differences.push(...inner.differences);
    } else if (!isSame(goal, current)) {
      differences.push({ key: place, before: show(current), after: show(goal) });
      patch[key] = goal ?? null;
      inverse[key] = current ?? null;
    }
  }
  return { patch, inverse, differences };
}

// PostgreSQL's parameters are text in the end: 100 and "100" are one setting.
function isSame(goal: unknown, current: unknown): boolean {
  if ((goal ?? null) === null) return (current ?? null) === null;
  const isPlain = (value: unknown) => typeof value === 'string' || typeof value === 'number';
  if (isPlain(goal) && isPlain(current)) return String(goal) === String(current);
  return JSON.stringify(goal) === JSON.stringify(current);
}

function show(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}
