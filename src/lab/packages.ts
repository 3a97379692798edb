import { chmodSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mountOverlay, overlayIn } from './overlay.ts';
import { run } from './shell.ts';

/** Fills a layer over the base with package lists and archives, by the base's own apt. */
export async function download(base: string, folder: string, packages: readonly string[]): Promise<void> {
  const apt = (root: string, ...args: string[]) => run('chroot', [root, 'apt-get', '-q', '-y', ...args]);
  await fill([base], folder, async (root) => {
    cpSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
    await apt(root, 'update');
    // PostgreSQL's own cluster tools pull in what patroni alone would not.
    await apt(root, 'install', '--download-only', ...packages);
  });
  rmSync(join(folder, 'etc'), { recursive: true, force: true });
}

/** What holds only while packages are installed: as playbooks/packages.yml has it on a host. */
const meanwhile = {
  'usr/sbin/policy-rc.d': '#!/bin/sh\nexit 101\n',
  'etc/postgresql-common/createcluster.d/lab.conf': 'create_main_cluster = false\n',
};

/** Fills a layer with the packages of the layers below installed. It holds nothing that is one host's own. */
export async function install(
  lower: readonly string[],
  folder: string,
  packages: readonly string[],
): Promise<void> {
  await fill(lower, folder, async (root) => {
    for (const [path, text] of Object.entries(meanwhile)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
      chmodSync(join(root, path), 0o755);
    }
    await run('systemd-nspawn', [
      ...['--quiet', '--register=no', '--keep-unit', '--as-pid2', '--pipe', '--resolv-conf=off'],
      ...['--timezone=off', `--directory=${root}`, `--machine=drover-install-${process.pid}`],
      ...['--setenv=DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', 'install'],
      ...['--no-install-recommends', '--no-download', ...packages],
    ]);
    for (const path of Object.keys(meanwhile)) rmSync(join(root, path));
  });
  // Whoever provisions a host enables its services, once they are configured; each host's keys are its own.
  for (const path of ['etc/systemd/system', 'etc/ssl/private', 'etc/ssl/certs'])
    rmSync(join(folder, path), { recursive: true, force: true });
}

/** Makes a layer of what is changed in a file system over other layers. */
async function fill(
  lower: readonly string[],
  folder: string,
  change: (root: string) => Promise<void>,
): Promise<void> {
  const { upper, work, root } = overlayIn(folder);
  await mountOverlay('overlay', lower, folder);
  try {
    await change(root);
  } finally {
    await run('umount', [root]);
  }
  for (const path of [work, root]) rmSync(path, { recursive: true, force: true });
  for (const name of readdirSync(upper)) renameSync(join(upper, name), join(folder, name));
  rmSync(upper, { recursive: true });
}
