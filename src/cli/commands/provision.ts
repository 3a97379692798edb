import { play, type PlayRequest } from '../../actions/play.ts';
import { rebalanceAfter } from '../../actions/rebalance.ts';
import { verifyAfter, topologyIn } from '../../actions/verify.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import type { Reporter } from '../../output/reporter.ts';
import type { RunFlags } from '../options.ts';
import { bundledFile, playRequest } from '../request.ts';

export async function provision(flags: RunFlags & { verify: boolean }): Promise<ExitCode> {
  return provisionBy(await playRequest('provision', bundledFile('playbooks/site.yml'), flags, false), flags);
}

/** Carries the playbook out, verifies the cluster, and says how to get at it. */
export async function provisionBy(
  request: PlayRequest & { reporter: Reporter },
  flags: Pick<RunFlags, 'json'> & { verify: boolean },
): Promise<ExitCode> {
  let farewell = '';
  try {
    const exitCode = await play({
      ...request,
      afterwards: async (run, loaded) => {
        const { ports, entry, admin, cluster } = topologyIn(run, loaded);
        const lines = entry.map(
          (address) =>
            `  writes: psql -h ${address} -p ${ports.write} -U ${admin} postgres\n  reads:  psql -h ${address} -p ${ports.read} -U ${admin} postgres\n`,
        );
        await rebalanceAfter(run, loaded, request);
        if (!flags.verify) return exitCodes.ok;
        farewell = `\n${cluster} is ready. Its passwords are in ${loaded.inventory.folder}/secrets.yml (postgres_admin_password).\n${lines.join('')}`;
        return verifyAfter(run, loaded, request.signal, request.emit);
      },
    });
    await request.reporter.finish();
    if (exitCode === exitCodes.ok && !flags.json) process.stderr.write(farewell);
    return exitCode;
  } finally {
    await request.reporter.finish();
  }
}
