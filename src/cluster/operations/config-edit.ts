import { patroni } from '../../components/patroni/index.ts';
import { watchdog } from '../../components/watchdog/index.ts';
import { problemsOf, type PgSettings } from '../../clients/pg-settings.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { applyPatch, patchFor } from '../../modules/patroni-config/patch.ts';
import { timingProblems } from '../timing.ts';
import { lostByChange, noSlots, noteOfLoss, nameSlots, type LogicalSlots } from '../logical-slots.ts';
import type { Topology } from '../topology.ts';
import type { ClusterView } from '../view.ts';
import { refuseWithoutQuorum } from './danger.ts';
import { nothingToDo, type OperationPlan } from './plan.ts';
import { parametersOf } from './restart.ts';
import { isMap } from '../../core/is-map.ts';

type Settings = Readonly<Record<string, unknown>>;

/** A setting before and after; JSON, undefined where it is not set. */
export interface SettingChange {
  readonly key: string;
  readonly before?: string;
  readonly after?: string;
}

/** A patch that sets one key. Names of PostgreSQL's parameters may hold dots themselves. */
export function patchOfSetting(path: string, value: unknown): Settings {
  const parameters = 'postgresql.parameters.';
  const keys = path.startsWith(parameters)
    ? ['postgresql', 'parameters', path.slice(parameters.length)]
    : path.split('.');
  return keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Settings;
}

/** Two patches in one, the second the stronger; what either deletes stays deleted. */
export function combinePatches(first: Settings, second: Settings): Settings {
  const merged = Object.entries(second).map(([key, value]): [string, unknown] => {
    const former = first[key];
    return [key, isMap(former) && isMap(value) ? combinePatches(former, value) : value];
  });
  return { ...first, ...Object.fromEntries(merged) };
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
      const [plainBefore, plainAfter] = [
        show(isMap(from) ? undefined : from),
        show(isMap(to) ? undefined : to),
      ];
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
function disruptionsOf(changes: readonly SettingChange[]): string[] {
  const tops = new Set(changes.map(({ key }) => key.split('.')[0] ?? ''));
  return Object.entries(atOnce)
    .filter(([key]) => tops.has(key))
    .map(([key, effect]) => `${key} ${effect}`);
}

export interface EditPlan extends OperationPlan {
  readonly changes: readonly SettingChange[];
}

/**
 * What a patch would change. Times that Patroni would silently replace, and values that PostgreSQL would not take, are
 * the user's mistake; the latter can be told where the leader shows the parameters that the patch sets.
 */
export function planEdit(
  view: ClusterView,
  topology: Topology,
  patch: Settings,
  {
    running,
    slots = noSlots,
  }: { readonly running?: PgSettings | undefined; readonly slots?: LogicalSlots } = {},
): EditPlan {
  const { config } = view;
  if (!config) {
    const hint = 'drover status shows whether Patroni runs; drover provision makes the cluster';
    return {
      steps: [],
      notes: [],
      changes: [],
      refusals: [{ message: 'there is no configuration in the DCS', hint }],
    };
  }
  const after = applyPatch(config, patch);
  const changes = changesBetween(config, after);
  if (changes.length === 0) return { ...nothingToDo('the configuration is like that already'), changes };
  const problems = [
    ...timingProblems(after, topology.of(watchdog).settings),
    ...(running ? problemsOf(running, parametersOf(patch)) : []),
  ];
  if (problems.length > 0) throw new InvalidInputError(problems.map((message) => ({ message })));
  const keys = new Set(changes.map(({ key }) => key));
  const drift = patchFor(topology.of(patroni).settings.dcs, after).differences.filter(({ key }) =>
    keys.has(key),
  );
  const lost = lostByChange(slots, view, after);
  const effects = [
    ...disruptionsOf(changes),
    ...(lost.length === 0 ? [] : [`${nameSlots(lost)} may be lost`]),
  ];
  return {
    changes,
    refusals: refuseWithoutQuorum(view),
    steps: [
      {
        what: `${changes.length} ${changes.length === 1 ? 'setting changes' : 'settings change'} in the DCS, for all members`,
        ...(effects.length === 0 ? {} : { disrupts: `the cluster: ${effects.join('; ')}` }),
      },
    ],
    notes: [
      ...drift.map(
        ({ key, after: wanted }) =>
          `the inventory has ${key} ${wanted ?? 'not set'}: unless it is changed there too, the next drover provision sets it back`,
      ),
      ...noteOfLoss(lost),
    ],
  };
}
