type Settings = Readonly<Record<string, unknown>>;

/** A setting before and after; JSON, undefined where it is not set. */
export interface SettingChange {
  readonly key: string;
  readonly before?: string;
  readonly after?: string;
}

function isMap(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A patch that sets one key. Names of PostgreSQL's parameters may hold dots themselves. */
export function patchOfSetting(path: string, value: unknown): Settings {
  const parameters = 'postgresql.parameters.';
  const keys = path.startsWith(parameters)
    ? ['postgresql', 'parameters', path.slice(parameters.length)]
    : path.split('.');
  return keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Settings;
}

/** What a configuration becomes by a patch, as Patroni applies it: maps merge, null deletes. */
export function applyPatch(config: Settings, patch: Settings): Settings {
  const result: Record<string, unknown> = { ...config };
  for (const [key, value] of Object.entries(patch)) {
    const current = result[key];
    if (value === null) delete result[key];
    else if (isMap(value)) {
      // A map in place of something else is taken as it is, without the keys that it deletes.
      result[key] = applyPatch(isMap(current) ? current : {}, value);
    } else result[key] = value;
  }
  return result;
}

/** The patch that makes one configuration the other. */
export function patchBetween(before: Settings, after: Settings): Settings {
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [from, to] = [before[key], after[key]];
    if ((to ?? null) === null) {
      if (Object.hasOwn(before, key)) patch[key] = null;
    } else if (isMap(from) && isMap(to)) {
      const inner = patchBetween(from, to);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (JSON.stringify(from) !== JSON.stringify(to)) patch[key] = to;
  }
  return patch;
}

/** How two configurations differ, setting by setting. */
export function changesBetween(before: Settings, after: Settings, path = ''): SettingChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key): SettingChange[] => {
    const place = path === '' ? key : `${path}.${key}`;
    const [from, to] = [before[key], after[key]];
    if (isMap(from) || isMap(to)) {
      const inner = changesBetween(isMap(from) ? from : {}, isMap(to) ? to : {}, place);
      const [plainBefore, plainAfter] = [show(isMap(from) ? undefined : from), show(isMap(to) ? undefined : to)];
      return plainBefore === undefined && plainAfter === undefined
        ? inner
        : [...inner, shown(place, plainBefore, plainAfter)];
    }
    return show(from) === show(to) ? [] : [shown(place, show(from), show(to))];
  });
}

function shown(key: string, before: string | undefined, after: string | undefined): SettingChange {
  return { key, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

function show(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}

// What a change of these does at once, without any restart.
const atOnce: Readonly<Record<string, string>> = {
  standby_cluster: 'makes the cluster follow another one, or ends that',
  synchronous_mode_strict: 'makes writes wait for a synchronous standby, or ends that',
  pause: 'turns automatic failover off or on',
};

/** What changes of settings do to a cluster in use, at once. */
export function disruptionsOf(changes: readonly SettingChange[]): string[] {
  const tops = new Set(changes.map(({ key }) => key.split('.')[0] ?? ''));
  return Object.entries(atOnce)
    .filter(([key]) => tops.has(key))
    .map(([key, effect]) => `${key} ${effect}`);
}
