import { apply as applyPlan } from '../../actions/apply.ts';
import { readPlan } from '../../actions/saved-plan.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { BecomeFlags, LoginFlags, OutputFlags, RunFlags, VaultFlags } from '../options.ts';
import { runPlay } from '../run-play.ts';

export async function apply(
  path: string,
  flags: LoginFlags &
    BecomeFlags &
    OutputFlags &
    VaultFlags &
    Pick<RunFlags, 'yes' | 'lockTimeout' | 'diff' | 'timings'>,
): Promise<ExitCode> {
  const saved = readPlan(path);
  const { limit, ...input } = saved.input;
  const selected = { ...flags, ...input, ...(limit === undefined ? {} : { limit }) };
  return runPlay({ verb: 'apply', playbook: saved.playbook }, selected, (request) =>
    applyPlan(request, saved),
  );
}
