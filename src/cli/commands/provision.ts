import { play } from '../../actions/play.ts';
import { rebalanceAfter } from '../../actions/rebalance.ts';
import { verifyAfter, topologyIn } from '../../actions/verify.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import type { RunFlags } from '../options.ts';
import { bundledFile, playRequest } from '../request.ts';

export async function provision(flags: RunFlags & { verify: boolean }): Promise<ExitCode> {
  const request = await playRequest(bundledFile('playbooks/site.yml'), flags, false);
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
