import { play } from '../../actions/play.ts';
import { expectPlan, readPlan } from '../../actions/saved-plan.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { ConnectionFlags, RunFlags } from '../options.ts';
import { playRequest } from '../request.ts';

export async function apply(
  path: string,
  flags: ConnectionFlags & Pick<RunFlags, 'yes' | 'lockTimeout' | 'diff' | 'timings'>,
): Promise<ExitCode> {
  const saved = readPlan(path);
  const { limit, ...input } = saved.input;
  const request = await playRequest(
    'apply',
    saved.playbook,
    { ...flags, ...input, ...(limit === undefined ? {} : { limit }) },
    false,
  );
  try {
    return await play({ ...request, inspectPlan: (plan) => expectPlan(plan, saved) });
  } finally {
    await request.reporter.finish();
  }
}
