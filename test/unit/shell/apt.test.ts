import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { patience } from '../../../src/shell/apt.ts';
import { quote } from '../../../src/shell/quote.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drover-patience-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const dpkgLock = `dpkg: error: dpkg frontend lock was locked by another process with pid 180
Note: removing the lock file is always wrong, can damage the locked area`;
const aptLock = 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 180 (apt-get)';

it.each([dpkgLock, aptLock])('tries again while somebody else has the lock: %s', (said) => {
  const mark = join(folder, `tried-${said.length}`);
  const once = `[ -e ${mark} ] || { touch ${mark}; printf '%s\\n' ${quote(said)} >&2; exit 100; }`;
  execFileSync('sh', ['-euc', `${patience(30)}\npatiently sh -c ${quote(once)}`], { stdio: 'pipe' });
});

it.each([
  ['who has the lock, once the time is up', aptLock, aptLock],
  [
    'what a package said before dpkg gave up',
    `Unpacking bad (1) ...
Setting up bad (1) ...
the port is in use
dpkg: error processing package bad (--configure):
 installed bad package post-installation script subprocess returned error exit status 1
Errors were encountered while processing:
 bad
E: Sub-process /usr/bin/dpkg returned an error code (1)`,
    `Setting up bad (1) ...
the port is in use
dpkg: error processing package bad (--configure):
 installed bad package post-installation script subprocess returned error exit status 1`,
  ],
  [
    'which dependency is not met',
    `Reading package lists...
The following packages have unmet dependencies:
 dep : Depends: nothere (>= 2) but it is not installable
E: Unable to correct problems, you have held broken packages.`,
    `The following packages have unmet dependencies: dep : Depends: nothere (>= 2) but it is not installable
E: Unable to correct problems, you have held broken packages.`,
  ],
  [
    'the first errors, not the last lines',
    `E: Failed to fetch http://one.example/InRelease  Could not connect
E: The repository 'http://two.example Release' does not have a Release file.
N: Updating from such a repository can't be done securely, and is therefore disabled by default.
N: See apt-secure(8) manpage for repository creation and user configuration details.
N: a third note
N: a fourth note`,
    `E: Failed to fetch http://one.example/InRelease  Could not connect
E: The repository 'http://two.example Release' does not have a Release file.`,
  ],
  ['the last lines where none is an error', 'one\ntwo\nthree\nfour\nfive', 'two\nthree\nfour\nfive'],
])('says why it failed: %s', (_, said, why) => {
  const script = `${patience(0)}\npatiently sh -c ${quote(`printf '%s\\n' ${quote(said)}; exit 100`)}`;
  const { status, stderr } = spawnSync('sh', ['-euc', script], { encoding: 'utf8' });
  expect({ status, stderr: stderr.trim() }).toEqual({ status: 100, stderr: why.trim() });
});
