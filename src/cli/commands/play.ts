import { play, type PlayRequest } from '../../actions/play.ts';
import type { ExitCode } from '../../core/errors.ts';
import type { Reporter } from '../../output/reporter.ts';
import type { RunFlags } from '../options.ts';
import { playRequest } from '../request.ts';

export async function playNamed(playbook: string, flags: RunFlags): Promise<ExitCode> {
  return playBook(await playRequest('play', playbook, flags, false));
}

export async function playBook(request: PlayRequest & { reporter: Reporter }): Promise<ExitCode> {
  try {
    return await play(request);
  } finally {
    await request.reporter.finish();
  }
}
