import { identify } from '../facts/need.ts';
import type { ModuleContext } from '../modules/define-module.ts';
import type { Change } from '../plan/change.ts';
import type { Fleet } from './fleet.ts';
import type { Instance } from './instance.ts';
import type { Plan } from './planner.ts';
import { needWanted, parseWanted, wantedOf, writtenFile, type Wanted } from './wanted.ts';
import type { TaskReport } from './walker.ts';

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
  const wanted = new Map<Instance, Wanted>();
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
      const former = known.get(report.host)?.get(now.key);
      const own = former ? compare(instance, now, former, fleet) : (['new'] as const);
      const causes = own.length > 0 ? own : followed(instance, found, context);
      found.push({ report, instance, changes: outcome.changes, causes });
    }
  }
  return found;
}

/** Empty when the task would be in sync by itself: then it follows an earlier change. */
function compare(instance: Instance, now: Wanted, former: Wanted, fleet: Fleet): DriftCause[] {
  const lookUp = (need: Parameters<Fleet['recordsOf']>[0]) =>
    fleet.recordsOf(need, instance.delegateTo ?? instance.host);
  const file = writtenFile(instance);
  const there = file?.need.parse(lookUp(file.need) ?? []);
  const isTouched = former.content !== undefined && file !== undefined && there !== former.content;
  const isOther = now.params !== former.params;
  const causes: DriftCause[] = [
    ...(isTouched ? ['host' as const] : []),
    ...(isOther ? ['inventory' as const] : []),
  ];
  if (causes.length > 0) return causes;
  if (instance.task.module.readable && instance.needs.length === 0) return ['always'];
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
