import { identify } from '../../facts/need.ts';
import type { ModuleContext } from '../../modules/define-module.ts';
import type { Change } from '../../plan/change.ts';
import type { Fleet } from '../hosts/fleet.ts';
import type { Instance } from '../tasks/instance.ts';
import type { Plan } from '../planning/plan.ts';
import {
  needBegin,
  needWanted,
  parseWanted,
  wantedOf,
  writtenFile,
  type TaskWanted,
  type Wanted,
} from './wanted.ts';
import type { TaskReport } from '../tasks/outcome.ts';

/**
 * Why something is to be changed: it was changed on the host since drover applied it; what is wanted was changed; or
 * drover has never applied it; or it is a command that is run each time.
 */
const driftCauses = ['host', 'inventory', 'new', 'always'] as const;
export type DriftCause = (typeof driftCauses)[number];

/** A pending change, or a task that can be planned only after earlier ones. */
export interface Drift {
  readonly report: TaskReport;
  readonly instance: Instance;
  readonly changes: readonly Change[];
  readonly causes: readonly DriftCause[];
}

/** Tells of all that a plan would change why that is so. */
export function driftOf(plan: Plan, fleet: Fleet, context: ModuleContext): Drift[] {
  const known = new Map<string, Map<string, Wanted>>();
  const wanted = new Map<Instance, TaskWanted>();
  for (const host of fleet.connected()) {
    const records = host.world.records(needWanted) ?? [];
    known.set(host.name, parseWanted(needWanted.parse(records)));
    for (const [instance, its] of wantedOf(plan.reports, host.name, context)) wanted.set(instance, its);
  }
  const found: Drift[] = [];
  for (const report of plan.reports) {
    if (report.status !== 'changed' && report.status !== 'deferred') continue;
    for (const { instance, outcome } of report.instances) {
      const now = wanted.get(instance);
      const isPending = outcome.changes.length > 0 || outcome.status === 'deferred';
      if (!now || !isPending) continue;
      const noted = known.get(report.host);
      for (const { wanted: its, path, changes } of piecesOf(now, noted, outcome.changes)) {
        const former = noted?.get(its.key);
        const own = former ? compare(instance, its, former, fleet, path) : [whyUnknown(now, noted)];
        const causes = own.length > 0 ? own : followed(instance, found, context);
        found.push({ report, instance, changes, causes });
      }
    }
  }
  return found;
}

type Noted = ReadonlyMap<string, Wanted> | undefined;

/** What of a task is told by itself: of a folder that it brings, each change. */
function piecesOf({ own, paths }: TaskWanted, noted: Noted, changes: readonly Change[]) {
  const isKnown = [...paths.values()].some(({ key }) => noted?.has(key));
  if (!isKnown || changes.length === 0) return [{ wanted: own, path: undefined, changes }];
  return changes.map((change) => ({
    wanted: paths.get(change.resource) ?? own,
    path: change.resource,
    changes: [change],
  }));
}

/** Why nothing is noted: the task was never carried out, or the folder did not have this when it was. */
function whyUnknown({ own }: TaskWanted, noted: Noted): DriftCause {
  return noted?.has(own.key) ? 'inventory' : 'new';
}

/** Of a task, or one path that it brings. Empty when it would be in sync by itself: then it follows an earlier change. */
function compare(instance: Instance, now: Wanted, former: Wanted, fleet: Fleet, path?: string): DriftCause[] {
  const lookUp = (need: Parameters<Fleet['recordsOf']>[0]) =>
    fleet.recordsOf(need, instance.delegateTo ?? instance.host);
  const need = path === undefined ? writtenFile(instance)?.need : needBegin(path);
  const there = need?.parse(lookUp(need) ?? []);
  // Nothing is there, where the task has another path now.
  const isGone = there === undefined && now.params !== former.params;
  const isTouched = former.content !== undefined && need !== undefined && there !== former.content && !isGone;
  const isOther = now.params !== former.params || now.content !== former.content;
  const causes: DriftCause[] = [
    ...(isTouched ? ['host' as const] : []),
    ...(isOther ? ['inventory' as const] : []),
  ];
  if (causes.length > 0) return causes;
  if (instance.task.module.isCommand && instance.needs.length === 0) return ['always'];
  return instance.diff(lookUp).state === 'in-sync' ? [] : ['host'];
}

/** The causes of the earlier changes that write what this task looks at; of all earlier ones where none is known to. */
function followed(instance: Instance, earlier: readonly Drift[], context: ModuleContext): DriftCause[] {
  const near = earlier.filter(
    (drift) => drift.instance.host === instance.host || drift.instance.task.runOnce,
  );
  const needs = new Set(instance.needs.map(identify));
  const writers = near.filter(({ instance: { task }, changes }) =>
    changes.some((change) =>
      task.module.writesOf(change, context).some((write) => write === '*' || needs.has(identify(write))),
    ),
  );
  const causes = (writers.length > 0 ? writers : near).flatMap((drift) => drift.causes);
  return driftCauses.filter((cause) => causes.includes(cause));
}
