import type { ExitCode } from '../core/errors.ts';
import { play, type PlayRequest } from './play.ts';
import { expectPlan, type SavedPlan } from './saved-plan.ts';

/** Carries out what a saved plan says, or refuses where it would do anything else by now. */
export function apply(request: PlayRequest, saved: SavedPlan): Promise<ExitCode> {
  return play({ ...request, inspectPlan: (plan) => expectPlan(plan, saved) });
}
