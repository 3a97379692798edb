import type { ExitCode } from '../core/errors.ts';
import type { Drift, DriftCause } from '../engine/drift/drift.ts';
import type { ShownChange } from '../engine/events.ts';
import type { PastRun } from '../engine/journal/history.ts';
import type { Run } from '../engine/run.ts';
import { itemOf, showChange } from '../engine/tasks/shown-events.ts';
import { readRuns } from './journals.ts';
import { play, type PlayRequest } from './play.ts';

/** A task with pending changes, and why they are pending. */
export interface Drifted {
  readonly host: string;
  readonly play: string;
  readonly task: string;
  readonly item?: string;
  /** Empty when the task can be planned only after earlier changes. */
  readonly changes: readonly (ShownChange & { readonly last?: LastChange })[];
  readonly causes: readonly DriftCause[];
}

/** The run that last changed something, by the host's journal. */
interface LastChange {
  readonly run: string;
  readonly time: string;
}

/** Plans a playbook, and finds out for each pending change whether the host or the desired state has changed. */
export async function findDrift(
  request: PlayRequest,
): Promise<{ exitCode: ExitCode; drifted: readonly Drifted[] }> {
  let drifted: readonly Drifted[] = [];
  const exitCode = await play({
    ...request,
    planOnly: true,
    looksForDrift: true,
    async inspectPlan(plan, run) {
      const found = run.drift(plan);
      const runs = found.length === 0 ? [] : await readRuns(run.rooted, () => undefined);
      drifted = found.map((drift) => show(drift, run, runs));
    },
  });
  return { exitCode, drifted };
}

function show({ report, instance, changes, causes }: Drift, run: Run, runs: readonly PastRun[]): Drifted {
  const { vault } = run.fleet;
  return {
    host: report.host,
    play: report.play.name,
    task: instance.name,
    ...itemOf(instance, vault),
    causes,
    changes: changes.map((change) => {
      // A restart sets nothing.
      const last = ['restart', 'reload'].includes(change.action)
        ? undefined
        : findLastChange(runs, report.host, change.resource);
      return { ...showChange(change, vault, report.task.noLog), ...(last ? { last } : {}) };
    }),
  };
}

/** Expects the newest run first; the changes of a run are in order of time. */
function findLastChange(runs: readonly PastRun[], host: string, resource: string): LastChange | undefined {
  for (const { run, changes } of runs) {
    const made = changes.findLast(
      (change) => change.host === host && change.resource === resource && change.state === 'done',
    );
    if (made) return { run, time: made.time };
  }
  return undefined;
}
