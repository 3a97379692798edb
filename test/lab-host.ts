import { dirname, join } from 'node:path';
import type { Vault } from '../src/core/secrets.ts';
import { HostRun } from '../src/engine/hosts/host-run.ts';
import type { Lab } from '../src/lab/lab.ts';
import type { ConnectionPool } from '../src/transport/pool.ts';
import { SshConfig } from '../src/transport/ssh-config.ts';
import { resolveTarget } from '../src/transport/target.ts';

/** A shell on a host of a lab, as root and reached as in a run, once the host has done what it does at boot. */
export async function connectToLab(
  lab: Lab,
  name: string,
  pool: ConnectionPool,
  vault: Vault,
): Promise<HostRun> {
  const found = lab.hosts().find((host) => host.name === name);
  if (!found) throw new Error(`the lab has no host ${name}`);
  const file = (part: string) => join(dirname(lab.inventory), part);
  const target = await resolveTarget(
    name,
    {
      host: found.address,
      user: 'root',
      ssh_private_key_file: file('key'),
      ssh_common_args: `-o UserKnownHostsFile=${file('known_hosts')}`,
    },
    { timeout: 10_000, acceptNewHostKeys: false },
    new SshConfig('none'),
  );
  const run = new HostRun(name, await pool.connect(target), vault);
  await runOn(
    run,
    `i=0; until systemctl is-system-running --wait | grep -q 'running\\|degraded'; do
[ $((i += 1)) -lt 100 ]; sleep 0.1; done
systemctl mask --quiet --now apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer systemd-tmpfiles-clean.timer`,
  );
  return run;
}

/** Runs a script of a test's own, which must succeed; what it printed. */
export async function runOn(host: HostRun, script: string, timeout = 60_000): Promise<string> {
  const { status, stdout, stderr } = await host.run(`set -eu\n${script}`, true, { timeout });
  if (status !== 0) throw new Error(`${script}\nended with ${status}: ${stderr}`);
  return stdout;
}
