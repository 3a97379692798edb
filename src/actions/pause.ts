import { planPause } from '../cluster/operations/members.ts';
import { patchConfig } from '../cluster/patch-config.ts';
import { boundOfCycle } from '../cluster/timing.ts';
import type { ExitCode } from '../core/errors.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import { isResumable } from '../engine/journal/history.ts';
import { readRuns } from './journals.ts';
import { operate, type OperationRequest } from './operate.ts';

/** The command line that goes on with a run, which had these variables of `-e`. */
type CommandFor = (run: string, extraVars: readonly string[]) => string;

/**
 * Has Patroni leave PostgreSQL alone, or take care of it again. Who means a run when there is no pause to end is told
 * by `commandFor` how to go on with it.
 */
export function setPause(
  request: OperationRequest,
  pause: boolean,
  commandFor?: CommandFor,
): Promise<ExitCode> {
  return operate(request, {
    verb: pause ? 'pause' : 'resume',
    measured: false,
    async plan(view, { fleet }) {
      const plan = planPause(view, pause);
      if (plan.steps.length > 0 || !commandFor) return plan;
      return { ...plan, notes: [...plan.notes, ...(await noteOpenRun(fleet, commandFor))] };
    },
    async perform(control, _plan, { timing }) {
      const step = `every member is ${pause ? 'paused' : 'at work'}`;
      await control.step(step, async () => {
        await patchConfig(control, { pause: pause ? true : null });
        await control.until(step, boundOfCycle(timing), ({ members }) => {
          const behind = members.filter(({ answers, paused }) => answers && paused !== pause);
          return behind.length === 0 ? undefined : `${behind.map(({ name }) => name).join(', ')} not yet`;
        });
      });
    },
  });
}

/** The last run of a playbook, if it did not come to its end. */
async function noteOpenRun(fleet: Fleet, commandFor: CommandFor): Promise<string[]> {
  const runs = await readRuns(fleet.connected(), () => undefined);
  const last = runs.find(({ request }) => request?.playbook !== undefined);
  if (!last || !isResumable(last)) return [];
  const { run, outcome, who, command, began } = last;
  const how = outcome === 'failed' ? 'failed' : `was ${outcome}`;
  return [
    `run ${run} (${command}, by ${who} at ${began.slice(0, 16).replace('T', ' ')} UTC) ${how}; to go on with it: ${commandFor(run, last.request?.extraVars ?? [])}`,
  ];
}
