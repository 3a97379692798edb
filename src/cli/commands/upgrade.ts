import { play, type PlayRequest } from '../../actions/play.ts';
import { verifyAfter } from '../../actions/verify.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import type { Reporter } from '../../output/reporter.ts';
import type { RunFlags } from '../options.ts';
import { bundledFile, playRequest } from '../request.ts';

export async function upgrade(flags: RunFlags & { verify: boolean }): Promise<ExitCode> {
  return upgradeBy(await playRequest('upgrade', bundledFile('playbooks/upgrade.yml'), flags, false), flags);
}

/** Raises the cluster's packages host by host, and verifies the cluster. */
export async function upgradeBy(
  request: PlayRequest & { reporter: Reporter },
  flags: { verify: boolean },
): Promise<ExitCode> {
  try {
    return await play({
      ...request,
      afterwards: async (run, loaded) =>
        flags.verify ? verifyAfter(run, loaded, request.signal, request.emit) : exitCodes.ok,
    });
  } finally {
    await request.reporter.finish();
  }
}
