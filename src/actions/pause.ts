import { readLogicalSlots } from '../cluster/logical-slots.ts';
import { planPause } from '../cluster/operations/members.ts';
import { patchConfig } from '../cluster/patch-config.ts';
import { boundOfCycle } from '../cluster/timing.ts';
import type { ExitCode } from '../core/errors.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import { isResumable } from '../engine/journal/history.ts';
import { readRuns } from './journals.ts';
import { operate, type OperationRequest } from './operate.ts';

/** The command line that resumes a run, given the names of its `-e` variables. */
type CommandFor = (run: string, extraVars: readonly string[]) => string;

/** Turns Patroni's automatic failover off. */
export function pause(request: OperationRequest): Promise<ExitCode> {
  return setPause(request, true);
}

/**
 * Turns Patroni's automatic failover on again. If there is no pause to end, the user may have meant a run that did not
 * finish: `commandFor` says how to resume it.
 */
export function endPause(request: OperationRequest, commandFor: CommandFor): Promise<ExitCode> {
  return setPause(request, false, commandFor);
}

function setPause(request: OperationRequest, paused: boolean, commandFor?: CommandFor): Promise<ExitCode> {
  return operate(request, {
    verb: paused ? 'pause' : 'resume',
    measured: false,
    async plan(view, control) {
      const { fleet } = control;
      const plan = planPause(view, paused, await readLogicalSlots(control, view));
      if (plan.steps.length > 0 || !commandFor) return plan;
      return { ...plan, notes: [...plan.notes, ...(await noteOpenRun(fleet, commandFor))] };
    },
    async perform(control, _plan, { timing }) {
      const step = `every member is ${paused ? 'paused' : 'at work'}`;
      await control.step(step, async () => {
        await patchConfig(control, { pause: paused ? true : null });
        await control.until(step, boundOfCycle(timing), ({ members }) => {
          const behind = members.filter((member) => member.answers && member.paused !== paused);
          return behind.length === 0 ? undefined : `${behind.map(({ name }) => name).join(', ')} not yet`;
        });
      });
    },
  });
}

/** A note on the last run of a playbook, if it did not finish. */
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
