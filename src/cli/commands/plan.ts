import { play } from '../../actions/play.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { RunFlags } from '../options.ts';
import { bundledFile, playRequest } from '../request.ts';

export async function plan(playbook: string | undefined, flags: RunFlags): Promise<ExitCode> {
  const request = await playRequest(playbook ?? bundledFile('playbooks/site.yml'), flags, true);
  try {
    return await play(request);
  } finally {
    await request.reporter.finish();
  }
}
