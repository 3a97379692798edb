import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder, prepareBase } from '../../../src/lab/image.ts';
import { run } from '../../../src/lab/shell.ts';
import { labRelease } from '../../lab-release.ts';

// Login shells of every family, another way to root than sudo and su, and a PostgreSQL to talk to.
const included = ['bash', 'dash', 'fish', 'ksh', 'mksh', 'opendoas', 'postgresql', 'tcsh', 'zsh'];

/** The read-only layers of a machine's file system, lowest first: the lab's base image, and what the tests add. */
export async function prepareTestLayers(): Promise<[base: string, extras: string]> {
  const base = await prepareBase(() => undefined, labRelease);
  const key = createHash('sha256')
    .update(JSON.stringify([basename(base), included]))
    .digest('hex');
  const extras = join(cacheFolder, `integration-${key.slice(0, 12)}`);
  if (!existsSync(extras)) await build(base, extras);
  return [base, extras];
}

/** Builds beside the place and renames into it, so that a broken build is never used. */
async function build(base: string, place: string): Promise<void> {
  const folder = `${place}.new.${process.pid}`;
  const at = (part: string) => join(folder, part);
  const [upper, work, root] = [at('upper'), at('work'), at('root')];
  for (const path of [upper, work, root]) mkdirSync(path, { recursive: true });
  try {
    const options = `lowerdir=${base},upperdir=${upper},workdir=${work}`;
    await run('mount', ['-t', 'overlay', 'droveri-build', '-o', options, root]);
    try {
      cpSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
      // Nothing is to run while the layer is made.
      writeFileSync(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
      const inside = (...words: string[]) =>
        run('systemd-nspawn', [
          ...['--quiet', '--register=no', '--keep-unit', '--as-pid2', '--resolv-conf=off', '--pipe'],
          ...[`--directory=${root}`, '--setenv=DEBIAN_FRONTEND=noninteractive', ...words],
        ]);
      await inside('apt-get', '-q', '-y', 'update');
      await inside('apt-get', '-q', '-y', 'install', '--no-install-recommends', ...included);
      await inside('apt-get', 'clean');
      rmSync(join(root, 'usr/sbin/policy-rc.d'));
      rmSync(join(root, 'etc/resolv.conf'));
    } finally {
      await run('umount', [root]);
    }
    if (!existsSync(place)) renameSync(upper, place);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
