import { play } from '../../actions/play.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { RunFlags } from '../options.ts';
import { bundledFile, playRequest } from '../request.ts';

export async function provision(flags: RunFlags & { verify: boolean }): Promise<ExitCode> {
  const request = await playRequest(bundledFile('playbooks/site.yml'), flags, false);
  try {
    return await play(request);
  } finally {
    await request.reporter.finish();
  }
}
