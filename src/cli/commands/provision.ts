import { provision as provisionCluster, type Access, type Provisioned } from '../../actions/provision.ts';
import type { ExitCode } from '../../core/errors.ts';
import { bundledFile } from '../bundled.ts';
import type { RunFlags } from '../options.ts';
import { writeText } from '../print.ts';
import { runPlay } from '../run-play.ts';

export async function provision(flags: RunFlags & { verify: boolean }): Promise<ExitCode> {
  const what = { verb: 'provision', playbook: bundledFile('playbooks/site.yml') };
  return report(await runPlay(what, flags, (request) => provisionCluster(request, flags)), flags);
}

/** Prints how to connect to the cluster once it is ready. */
export function report({ exitCode, access }: Provisioned, { json }: Pick<RunFlags, 'json'>): ExitCode {
  if (access && !json) writeText(process.stderr, formatAccess(access));
  return exitCode;
}

function formatAccess({ cluster, secretsFile, admin, addresses, writePort, readPort }: Access): string {
  const psql = (address: string, port: number) => `psql -h ${address} -p ${port} -U ${admin} postgres`;
  const lines = addresses.map(
    (address) => `  writes: ${psql(address, writePort)}\n  reads:  ${psql(address, readPort)}\n`,
  );
  return `\n${cluster} is ready. Its passwords are in ${secretsFile} (postgres_admin_password).\n${lines.join('')}`;
}
