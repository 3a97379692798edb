// Tells what was changed by hand from what was changed in the inventory. It only compares.
import { identify } from '../../facts/need.ts';
import type { ModuleContext } from '../../modules/define-module.ts';
import type { Change } from '../../plan/change.ts';
import type { Fleet } from '../hosts/fleet.ts';
import type { Instance } from '../tasks/instance.ts';
import type { Plan } from '../planning/plan.ts';
import {
  needShortDigest,
  needLastApplied,
  parseLastApplied,
  digestsOf,
  writtenFile,
  type TaskDigests,
  type Digests,
} from './last-applied.ts';
import type { TaskReport } from '../tasks/outcome.ts';

/**
 * Why a change is pending: the host was changed since drover applied it; the inventory or a playbook was changed; drover
 * has never applied it; or it is a command that is run each time.
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

/** Why each of a plan's changes is pending. */
export function driftOf(plan: Plan, fleet: Fleet, context: ModuleContext): Drift[] {
  const known = new Map<string, Map<string, Digests>>();
  const digests = new Map<Instance, TaskDigests>();
  for (const host of fleet.connected()) {
    const records = host.world.records(needLastApplied) ?? [];
    known.set(host.name, parseLastApplied(needLastApplied.parse(records)));
    for (const [instance, its] of digestsOf(plan.reports, host.name, context)) digests.set(instance, its);
  }
  const found: Drift[] = [];
  for (const report of plan.reports) {
    if (report.status !== 'changed' && report.status !== 'deferred') continue;
    for (const { instance, outcome } of report.instances) {
      const now = digests.get(instance);
      const isPending = outcome.changes.length > 0 || outcome.status === 'deferred';
      if (!now || !isPending) continue;
      const noted = known.get(report.host);
      for (const { digests: its, path, changes } of piecesOf(now, noted, outcome.changes)) {
        const former = noted?.get(its.key);
        const own = former ? compare(instance, its, former, fleet, path) : [whyUnknown(now, noted)];
        const causes = own.length > 0 ? own : followed(instance, found, context);
        found.push({ report, instance, changes, causes });
      }
    }
  }
  return found;
}

type Noted = ReadonlyMap<string, Digests> | undefined;

/** The parts of a task that are judged separately: each change, where it copies a folder. */
function piecesOf({ own, paths }: TaskDigests, noted: Noted, changes: readonly Change[]) {
  const isKnown = [...paths.values()].some(({ key }) => noted?.has(key));
  if (!isKnown || changes.length === 0) return [{ digests: own, path: undefined, changes }];
  return changes.map((change) => ({
    digests: paths.get(change.resource) ?? own,
    path: change.resource,
    changes: [change],
  }));
}

/** Why nothing is noted: the task was never carried out, or the folder did not have this when it was. */
function whyUnknown({ own }: TaskDigests, noted: Noted): DriftCause {
  return noted?.has(own.key) ? 'inventory' : 'new';
}

/** Of a task, or one path that it brings. Empty when it would be in sync by itself: then it follows an earlier change. */
function compare(
  instance: Instance,
  now: Digests,
  former: Digests,
  fleet: Fleet,
  path?: string,
): DriftCause[] {
  const lookUp = (need: Parameters<Fleet['recordsOf']>[0]) =>
    fleet.recordsOf(need, instance.delegateTo ?? instance.host);
  const need = path === undefined ? writtenFile(instance)?.need : needShortDigest(path);
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
