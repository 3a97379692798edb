import type { ExitCode } from '../core/errors.ts';
import { play, type PlayRequest } from './play.ts';
import { expectPlan, type SavedPlan } from './saved-plan.ts';

/** Carries out a saved plan, or refuses if the same input would now lead to a different one. */
export function apply(request: PlayRequest, saved: SavedPlan): Promise<ExitCode> {
  return play({
    ...request,
    inspectPlan: (plan, run) => expectPlan(plan, saved, (text) => run.fleet.vault.redact(text)),
  });
}
