import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { run } from './shell.ts';

/** Where images and downloaded packages stay between labs. */
const cacheFolder = '/var/cache/drover-lab';

const suite = 'bookworm';

// What a Debian cloud image has and minbase leaves out, as far as hosts need it to be reached and administered.
const included = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'iproute2',
  'sudo',
  'ca-certificates',
  'procps',
];

/** Packages that the playbooks install: downloaded once, and found by each host's apt in its archive. */
const downloaded = [
  'etcd-server',
  'etcd-client',
  'patroni',
  'postgresql-15',
  'postgresql-client-15',
  'haproxy',
];

// Package lists older than this would have every host fetch them itself.
const freshFor = 20 * 3600 * 1000;

/** The read-only layers of a host's file system, lowest first; made when they are not there or outdated. */
export async function prepareLayers(say: (message: string) => void): Promise<string[]> {
  mkdirSync(cacheFolder, { recursive: true });
  const key = createHash('sha256')
    .update(JSON.stringify([suite, included]))
    .digest('hex')
    .slice(0, 12);
  const base = join(cacheFolder, `base-${key}`);
  if (!existsSync(base)) {
    say('making the base image (once, about half a minute)');
    await build(base, (folder) => bootstrap(folder));
  }
  const archiveKey = createHash('sha256')
    .update(JSON.stringify([key, downloaded]))
    .digest('hex')
    .slice(0, 12);
  const archive = join(cacheFolder, `packages-${archiveKey}`);
  if (!existsSync(archive) || Date.now() - statSync(archive).mtimeMs > freshFor) {
    say('downloading packages for the hosts');
    await build(archive, (folder) => download(base, folder));
  }
  return [base, archive];
}

/** Builds beside the place and renames into it, so that a broken build is never used. */
async function build(place: string, make: (folder: string) => Promise<void>): Promise<void> {
  const temporary = `${place}.new.${process.pid}`;
  mkdirSync(temporary);
  try {
    await make(temporary);
    const former = `${place}.old.${process.pid}`;
    // Running labs keep the former layer mounted; it goes with them.
    if (existsSync(place)) renameSync(place, former);
    renameSync(temporary, place);
    rmSync(former, { recursive: true, force: true });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function bootstrap(folder: string): Promise<void> {
  await run('mmdebstrap', [
    '--variant=minbase',
    `--include=${included.join(',')}`,
    '--mode=root',
    suite,
    folder,
  ]);
  // Each host makes its own identity.
  for (const name of readdirSync(join(folder, 'etc/ssh'))) {
    if (name.startsWith('ssh_host_')) rmSync(join(folder, 'etc/ssh', name));
  }
  writeFileSync(join(folder, 'etc/machine-id'), '');
  rmSync(join(folder, 'etc/resolv.conf'), { force: true });
  for (const setting of ['/etc/apt/apt.conf.d', '/etc/apt/sources.list.d/debian.sources']) {
    if (existsSync(setting)) cpSync(setting, join(folder, setting), { recursive: true, force: true });
  }
  // A VM keeps what it downloads, and has no container's shortcuts.
  rmSync(join(folder, 'etc/apt/apt.conf.d/docker-clean'), { force: true });
  if (existsSync(join(folder, 'etc/apt/sources.list.d/debian.sources'))) {
    rmSync(join(folder, 'etc/apt/sources.list'), { force: true });
  }
}

/** Fills a layer over the base with package lists and archives, by the base's own apt. */
async function download(base: string, folder: string): Promise<void> {
  const upper = join(folder, 'upper');
  const root = join(folder, 'root');
  for (const path of [upper, join(folder, 'work'), root]) mkdirSync(path);
  const options = `lowerdir=${base},upperdir=${upper},workdir=${join(folder, 'work')}`;
  await run('mount', ['-t', 'overlay', 'overlay', '-o', options, root]);
  try {
    cpSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
    const apt = (...args: string[]) => run('chroot', [root, 'apt-get', '-q', '-y', ...args]);
    await apt('update');
    // PostgreSQL's own cluster tools pull in what patroni alone would not.
    await apt('install', '--download-only', ...downloaded);
    rmSync(join(root, 'etc/resolv.conf'));
  } finally {
    await run('umount', [root]);
  }
  // What is left is the layer itself.
  for (const path of ['work', 'root']) rmSync(join(folder, path), { recursive: true, force: true });
  for (const name of readdirSync(upper)) renameSync(join(upper, name), join(folder, name));
  rmSync(upper, { recursive: true });
  rmSync(join(folder, 'etc'), { recursive: true, force: true });
}
