import { play } from '../../actions/play.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { RunFlags } from '../options.ts';
import { playRequest } from '../request.ts';

export async function playBook(playbook: string, flags: RunFlags): Promise<ExitCode> {
  const request = await playRequest('play', playbook, flags, false);
  try {
    return await play(request);
  } finally {
    await request.reporter.finish();
  }
}
