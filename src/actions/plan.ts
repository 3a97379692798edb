import type { ExitCode } from '../core/errors.ts';
import { play, type PlayRequest } from './play.ts';
import { savePlan } from './saved-plan.ts';

/** Shows what a playbook would change, and saves the plan if a file is given. */
export function plan(
  request: PlayRequest,
  { out }: { readonly out?: string | undefined },
): Promise<ExitCode> {
  return play({
    ...request,
    planOnly: true,
    ...(out === undefined
      ? {}
      : { inspectPlan: (made, run) => savePlan(out, made, request, (text) => run.fleet.vault.redact(text)) }),
  });
}
