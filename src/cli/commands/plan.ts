import { play } from '../../actions/play.ts';
import { savePlan } from '../../actions/saved-plan.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { RunFlags } from '../options.ts';
import { bundledFile, playRequest } from '../request.ts';

export async function plan(
  playbook: string | undefined,
  flags: RunFlags & { out?: string },
): Promise<ExitCode> {
  const { out } = flags;
  const request = await playRequest('plan', playbook ?? bundledFile('playbooks/site.yml'), flags, true);
  try {
    return await play({
      ...request,
      ...(out === undefined ? {} : { inspectPlan: (made) => savePlan(out, made, request) }),
    });
  } finally {
    await request.reporter.finish();
  }
}
