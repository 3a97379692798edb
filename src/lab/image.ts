import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { DebianRelease } from '../components/component.ts';
import { components } from '../components/registry.ts';
import { download, install } from './packages.ts';
import { defaultRelease, suites } from './release.ts';
import { run } from './shell.ts';

/** Where images, packages and saves stay between labs. */
export const cacheFolder = '/var/cache/drover-lab';

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

// Package lists older than this would have every host fetch them itself.
const freshFor = 20 * 3600 * 1000;

export interface LayerOptions {
  readonly release?: DebianRelease;
  /** With the packages installed, and none of their services started or enabled. */
  readonly installed?: boolean;
}

/** The read-only layers of a host's file system, lowest first; made when they are not there or outdated. */
export async function prepareLayers(
  say: (message: string) => void,
  { installed = false, release = defaultRelease }: LayerOptions = {},
): Promise<string[]> {
  const base = await prepareBase(say, release);
  // What the playbooks install: downloaded once, and found by each host's apt in its archive.
  const downloaded = components.flatMap(({ packages }) => packages(release));
  const archiveKey = keyOf(base, downloaded);
  const archive = join(cacheFolder, `packages-${archiveKey}`);
  if (!existsSync(archive) || Date.now() - statSync(archive).mtimeMs > freshFor) {
    say('downloading packages for the hosts');
    await build(archive, (folder) => download(base, folder, downloaded));
  }
  if (!installed) return [base, archive];
  const layer = join(cacheFolder, `installed-${archiveKey}`);
  if (!existsSync(layer) || statSync(layer).mtimeMs < statSync(archive).mtimeMs) {
    say('installing packages for the hosts');
    await build(layer, (folder) => install([base, archive], folder, downloaded));
  }
  return [base, archive, layer];
}

/** The lowest of these layers. */
export async function prepareBase(say: (message: string) => void, release: DebianRelease): Promise<string> {
  mkdirSync(cacheFolder, { recursive: true });
  const suite = suites[release];
  const base = join(cacheFolder, `base-${keyOf(suite, included)}`);
  if (!existsSync(base)) {
    say(`making the base image of Debian ${release} (once, about half a minute)`);
    await build(base, (folder) => bootstrap(suite, folder));
  }
  return base;
}

/** Tells a layer from the one that replaces it under the same name. */
export function identityOf(layer: string): string {
  return `${layer} ${existsSync(layer) ? statSync(layer).mtimeMs : 'gone'}`;
}

function keyOf(...parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}

/**
 * Builds beside the place and renames into it, so that a broken build is never used. What another process has put there
 * meanwhile stays: hosts may have it mounted already.
 */
export async function build(place: string, make: (folder: string) => Promise<void>): Promise<void> {
  const temporary = `${place}.new.${process.pid}`;
  const found = identityOf(place);
  mkdirSync(temporary);
  try {
    await make(temporary);
    if (identityOf(place) !== found) return;
    const former = `${place}.old.${process.pid}`;
    // Running labs keep the former layer mounted; it goes with them.
    if (existsSync(place)) renameSync(place, former);
    renameSync(temporary, place);
    rmSync(former, { recursive: true, force: true });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function bootstrap(suite: string, folder: string): Promise<void> {
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
  const settings = '/etc/apt/apt.conf.d';
  if (existsSync(settings)) cpSync(settings, join(folder, settings), { recursive: true, force: true });
  // A VM keeps what it downloads, and has no container's shortcuts.
  rmSync(join(folder, settings, 'docker-clean'), { force: true });
  // This machine's mirrors do for other releases, too.
  const sources = '/etc/apt/sources.list.d/debian.sources';
  if (!existsSync(sources)) return;
  writeFileSync(join(folder, sources), withSuite(readFileSync(sources, 'utf8'), suite));
  rmSync(join(folder, 'etc/apt/sources.list'), { force: true });
}

/** The same sources of packages for another suite: `bookworm bookworm-updates` becomes `trixie trixie-updates`. */
export function withSuite(sources: string, suite: string): string {
  return sources.replace(/^Suites:.*$/gim, (line) => line.replace(/(\s)[^\s-]+/g, `$1${suite}`));
}
