import type { ExitCode } from '../core/errors.ts';
import type { Drift, DriftCause } from '../engine/drift/drift.ts';
import type { ShownChange } from '../engine/events.ts';
import type { PastRun } from '../engine/journal/history.ts';
import type { Run } from '../engine/run.ts';
import { itemOf, showChange } from '../engine/tasks/tell.ts';
import { readRuns } from './journals.ts';
import { play, type PlayRequest } from './play.ts';

/** A pending change with the reason why it is one. */
export interface Drifted {
  readonly host: string;
  readonly play: string;
  readonly task: string;
  readonly item?: string;
  /** Empty when the task can be planned only after earlier changes. */
  readonly changes: readonly (ShownChange & { readonly last?: LastSet })[];
  readonly causes: readonly DriftCause[];
}

/** The run that has last changed something, by the host's journal. */
interface LastSet {
  readonly run: string;
  readonly time: string;
}

/** Plans a playbook, and tells of each pending change whether the host or what is wanted of it was changed. */
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
        : lastSet(runs, report.host, change.resource);
      return { ...showChange(change, vault, report.task.noLog), ...(last ? { last } : {}) };
    }),
  };
}

/** Runs are the newest first, and their changes the oldest. */
function lastSet(runs: readonly PastRun[], host: string, resource: string): LastSet | undefined {
  for (const { run, changes } of runs) {
    const made = changes.findLast(
      (change) => change.host === host && change.resource === resource && change.state === 'done',
    );
    if (made) return { run, time: made.time };
  }
  return undefined;
}
