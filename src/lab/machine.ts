import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
  copyFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { TaskFailedError, UsageError } from '../core/errors.ts';
import { until } from '../core/until.ts';
import { quote } from '../shell/quote.ts';
import { makeCgroups, removeCgroups } from './cgroup.ts';
import type { LabNames } from './names.ts';
import { mountOverlay, overlayIn } from './overlay.ts';
import { run, succeeds } from './shell.ts';

/** Folders of one host: its writable layer, and where its file system is mounted. */
function foldersOf(names: LabNames, host: string) {
  const folder = join(names.dataFolder, host);
  return { folder, ...overlayIn(folder) };
}

/** Where systemd-nspawn says why a host did not boot. */
function consoleOf(names: LabNames, host: string): string {
  return join(names.runFolder, `${host}.console`);
}

/** Mounts a host's file system; a new one gets its identity and the lab's key. Returns its public host key. */
export async function mountRoot(
  names: LabNames,
  host: string,
  layers: readonly string[],
  key: string,
): Promise<string> {
  const { folder, root } = foldersOf(names, host);
  requireBase(names, host, layers[0] ?? '');
  if (!(await succeeds('mountpoint', ['-q', root]))) await mountOverlay(names.machine(host), layers, folder);
  const hostKey = join(root, 'etc/ssh/ssh_host_ed25519_key');
  if (!existsSync(hostKey)) {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', host, '-f', hostKey]);
    writeFileSync(join(root, 'etc/hostname'), `${host}\n`);
    writeFileSync(join(root, 'etc/hosts'), `127.0.0.1 localhost\n127.0.1.1 ${host}\n`);
    mkdirSync(join(root, 'root/.ssh'), { recursive: true, mode: 0o700 });
    chmodSync(join(root, 'root/.ssh'), 0o700);
    writeFileSync(join(root, 'root/.ssh/authorized_keys'), key, { mode: 0o600 });
    // The controller's own resolver may be one that only it can reach.
    const resolver = ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf'].find(existsSync);
    if (resolver !== undefined) copyFileSync(resolver, join(root, 'etc/resolv.conf'));
  }
  return readFileSync(`${hostKey}.pub`, 'utf8');
}

/** What is on a host's disk changes the image that it was made of, and no other. */
function requireBase(names: LabNames, host: string, base: string): void {
  const { folder } = foldersOf(names, host);
  const note = join(folder, 'base');
  if (existsSync(note) && readFileSync(note, 'utf8') !== base) {
    throw new UsageError(`${host} is there already, with another release of Debian`, {
      hint: `drover lab down --name ${names.lab} removes it`,
    });
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(note, base);
}

/** Boots a host: resolves once its supervisor runs, or has ended. It is up once its sshd answers. */
export async function boot(names: LabNames, host: string): Promise<void> {
  const { root } = foldersOf(names, host);
  const folders = await makeCgroups(names.machine(host));
  const enter = folders.map((folder) => `echo $$ >${quote(join(folder, 'cgroup.procs'))}`);
  const log = openSync(consoleOf(names, host), 'a', 0o600);
  const child = spawn(
    'sh',
    [
      '-c',
      [...enter, 'exec "$@"'].join(' && '),
      'sh',
      'systemd-nspawn',
      '--quiet',
      '--boot',
      `--directory=${root}`,
      `--machine=${names.machine(host)}`,
      `--hostname=${host}`,
      `--network-namespace-path=/run/netns/${names.machine(host)}`,
      '--register=no',
      '--keep-unit',
      '--resolv-conf=off',
      '--timezone=off',
      '--console=pipe',
    ],
    { detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  child.unref();
  // Until the kernel has replaced the shell (execve(2)) there are moments without a command line to be found by.
  const isFound = () =>
    !isAlive(child) || readProc(Number(child.pid), 'cmdline').startsWith('systemd-nspawn\0');
  await until(() => (isFound() ? { done: true } : { missing: 'its command line' }), {
    within: Infinity,
    every: 5,
  });
}

function isAlive({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

interface Machine {
  /** systemd-nspawn itself. */
  readonly supervisor: number;
  /** The host's process 1, as this machine numbers it; undefined while it is not there. */
  readonly init: number | undefined;
}

/** The processes that run a host, found by the machine's name; undefined when it is off. */
export function findMachine(names: LabNames, host: string): Machine | undefined {
  const wanted = `--machine=${names.machine(host)}`;
  const supervisor = processes().find((pid) => {
    const words = readProc(pid, 'cmdline').split('\0');
    return words.includes('systemd-nspawn') && words.includes(wanted);
  });
  if (supervisor === undefined) return undefined;
  const children = readProc(supervisor, `task/${supervisor}/children`).trim().split(' ');
  const init = children.map(Number).find((pid) => pid > 0);
  return { supervisor, init };
}

/** What a host said last: of one that is off systemd-nspawn's own words, of one that hangs its journal. */
export async function lastWords(names: LabNames, host: string): Promise<string> {
  const init = findMachine(names, host)?.init;
  if (init === undefined)
    return readFileSync(consoleOf(names, host), 'utf8').split('\n').slice(-8).join('\n');
  const journal = [`--root=/proc/${init}/root`, '--lines=20', '--output=short-monotonic', '--quiet'];
  return run('journalctl', journal);
}

/** Whether a host lets everybody in: until it has booted, systemd's /run/nologin keeps all but root out. */
export function isOpen({ init }: Machine): boolean {
  return init !== undefined && !existsSync(`/proc/${init}/root/run/nologin`);
}

/** All processes in a host's process namespace. */
function processesOf({ init }: Machine): number[] {
  if (init === undefined) return [];
  const namespace = namespaceOf(init);
  return processes().filter((pid) => namespaceOf(pid) === namespace && namespace !== undefined);
}

/** Turns a host off: at once, as a power cut would, or in good order. */
export async function powerOff(names: LabNames, host: string, orderly: boolean): Promise<void> {
  const machine = findMachine(names, host);
  if (!machine) return;
  // A stopped process would not act on anything but SIGKILL.
  signalAll(processesOf(machine), 'SIGCONT');
  const init = machine.init ?? machine.supervisor;
  // systemd(1): SIGRTMIN+4 powers off; Node has no name for real-time signals, kill(1) does.
  if (orderly) await run('kill', ['-s', 'RTMIN+4', String(init)]);
  else signalAll([init], 'SIGKILL');
  const waited = await until(
    () => (findMachine(names, host) ? { missing: `${host} does not go down` } : { done: true }),
    { within: orderly ? 60 : 10, every: 50 },
  );
  if ('missing' in waited) throw new TaskFailedError(waited.missing);
}

/** Freezes all of a host's processes where they are, or lets them go on. */
export function setPaused(names: LabNames, host: string, paused: boolean): void {
  const machine = findMachine(names, host);
  if (!machine) throw new TaskFailedError(`${host} is off`);
  signalAll(processesOf(machine), paused ? 'SIGSTOP' : 'SIGCONT');
}

export function isPaused(machine: Machine): boolean {
  return machine.init !== undefined && /^State:\s+T/m.test(readProc(machine.init, 'status'));
}

/** Takes a host's file system and control groups away. */
export async function removeRoot(names: LabNames, host: string): Promise<void> {
  const { folder, root } = foldersOf(names, host);
  await removeCgroups(names.machine(host));
  while (await succeeds('mountpoint', ['-q', root])) await run('umount', [root]);
  rmSync(folder, { recursive: true, force: true });
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function processes(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}
