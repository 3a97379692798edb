import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { run } from '../../../src/lab/shell.ts';
import { prepareTestLayers } from './image.ts';

/** A program that runs until it is ended. */
export type Running = ChildProcessByStdio<null, Readable, Readable>;

// Names bear the worker's process id, so that two runs of the suite do not meet.
const nameOf = (label: string) => `droveri-${process.pid}-${label}`;
const folderOf = (name: string) => join(tmpdir(), name);

/** A Debian in namespaces of its own: network, processes, mounts, users. The test starts what runs in it. */
export class Machine {
  readonly address: string;
  readonly root: string;
  readonly #name: string;
  readonly #supervisor: Running;
  readonly #init: number;

  private constructor(name: string, cable: Cable, supervisor: Running, init: number) {
    this.#name = name;
    this.address = cable.address;
    this.root = join(folderOf(name), 'root');
    this.#supervisor = supervisor;
    this.#init = init;
  }

  /** With `behind`, its only cable goes to that machine: the controller does not reach it. */
  static async start(label: string, behind?: Machine): Promise<Machine> {
    await removeLeftOvers();
    const name = nameOf(label);
    const root = await mountRoot(name, label);
    const cable = await plugIn(name, behind && behind.#name);
    const supervisor = start('systemd-nspawn', [
      ...['--quiet', '--register=no', '--keep-unit', '--as-pid2', '--resolv-conf=off', '--timezone=off'],
      ...['--console=pipe', `--directory=${root}`, `--machine=${name}`, `--hostname=${label}`],
      ...[`--network-namespace-path=/run/netns/${name}`, 'sh', '-c', 'echo up; exec sleep infinity'],
    ]);
    await Promise.race([once(supervisor.stdout, 'data'), once(supervisor, 'exit')]);
    if (supervisor.exitCode !== null)
      throw new Error(`${name} does not start: ${String(supervisor.stderr.read())}`);
    const children = readFileSync(`/proc/${supervisor.pid}/task/${supervisor.pid}/children`, 'utf8');
    return new Machine(name, cable, supervisor, Number(children.trim().split(' ')[0]));
  }

  /** Runs a script as root in the machine; what it printed. */
  async run(script: string, input = ''): Promise<string> {
    const { stdout } = await execa('nsenter', [...this.#inside, 'sh', '-euc', script], { input });
    return stdout;
  }

  /** Starts a program as root in the machine; it ends with the machine at the latest. */
  spawn(...words: string[]): Running {
    return start('nsenter', [...this.#inside, ...words]);
  }

  async addUser(name: string, { shell = '/bin/bash', password = '' } = {}): Promise<void> {
    await this.run(`useradd --create-home --shell ${shell} ${name}`);
    if (password !== '') await this.run('chpasswd', `${name}:${password}\n`);
  }

  /** The machine's processes whose command line has this text. */
  async processes(text: string): Promise<number[]> {
    const listing = await this.run('ps -e -o pid= -o args=');
    return listing
      .split('\n')
      .filter((line) => line.includes(text))
      .map((line) => Number(line.trim().split(' ')[0]));
  }

  /** Takes in nothing more on a port, and says nothing about it. */
  async dropPort(port: number): Promise<void> {
    const rules = 'add table inet t; add chain inet t c { type filter hook input priority 0; }';
    await this.#outside('nft', `${rules}; add rule inet t c tcp dport ${port} drop`);
  }

  async stopDropping(): Promise<void> {
    await this.#outside('nft', 'delete table inet t');
  }

  async #outside(...words: string[]): Promise<void> {
    await run('nsenter', [`--net=/run/netns/${this.#name}`, ...words]);
  }

  async stop(): Promise<void> {
    const ended = once(this.#supervisor, 'exit');
    kill(this.#init);
    await ended;
    await remove(this.#name);
  }

  get #inside(): string[] {
    const namespaces = ['-m', '-u', '-i', '-n', '-p', '-r', '-w'];
    const environment = ['env', '-i', 'HOME=/root', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'];
    return ['-t', String(this.#init), ...namespaces, ...environment];
  }
}

interface Cable {
  readonly address: string;
  /** Its end outside the machine, and the namespace that end is in; none is the controller's own. */
  readonly name: string;
  readonly outside: string | undefined;
}

function start(program: string, words: readonly string[]): Running {
  return spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ip(namespace: string | undefined, ...words: string[]): Promise<string> {
  return run('ip', [...(namespace === undefined ? [] : ['-n', namespace]), ...words]);
}

async function mountRoot(name: string, label: string): Promise<string> {
  const [base, extras] = await prepareTestLayers();
  const at = (part: string) => join(folderOf(name), part);
  const [upper, work, root] = [at('upper'), at('work'), at('root')];
  for (const path of [upper, work, root]) mkdirSync(path, { recursive: true });
  const layers = `lowerdir=${extras}:${base},upperdir=${upper},workdir=${work}`;
  await run('mount', ['-t', 'overlay', name, '-o', layers, root]);
  writeFileSync(join(root, 'etc/hosts'), `127.0.0.1 localhost\n127.0.1.1 ${label}\n`);
  return root;
}

/** A network namespace with a cable of its own, to the controller or into another namespace. */
async function plugIn(name: string, outside: string | undefined): Promise<Cable> {
  const taken = await ip(outside, '-o', '-4', 'addr', 'show');
  const subnet = outside === undefined ? '198.18.250' : '198.18.251';
  const isFree = (slot: number) => [1, 2].every((end) => !taken.includes(` ${subnet}.${4 * slot + end}/`));
  const slot = [...Array(63).keys()].find(isFree);
  if (slot === undefined) throw new Error(`${subnet}.0/24 is full`);
  const [near, address] = [`${subnet}.${4 * slot + 1}`, `${subnet}.${4 * slot + 2}`];
  const end = `droveri${slot}`;
  await run('ip', ['netns', 'add', name]);
  await ip(outside, 'link', 'add', end, 'type', 'veth', 'peer', 'name', 'host0', 'netns', name);
  await ip(outside, 'addr', 'add', `${near}/30`, 'dev', end);
  await ip(outside, 'link', 'set', end, 'up');
  await ip(name, 'addr', 'add', `${address}/30`, 'dev', 'host0');
  await ip(name, 'link', 'set', 'host0', 'up');
  await ip(name, 'link', 'set', 'lo', 'up');
  return { address, name: end, outside };
}

/** Takes away what a machine's name is on, whatever state it is in. */
async function remove(name: string): Promise<void> {
  for (const pid of await processesOf(name)) kill(pid);
  const mounted = () => readFileSync('/proc/mounts', 'utf8').includes(` ${join(folderOf(name), 'root')} `);
  while (mounted()) await run('umount', [join(folderOf(name), 'root')]);
  rmSync(folderOf(name), { recursive: true, force: true });
  if (!existsSync(`/run/netns/${name}`)) return;
  // Without this the name of the cable's other end stays taken until the kernel gets round to it.
  await ip(name, 'link', 'del', 'host0').catch(() => undefined);
  await run('ip', ['netns', 'del', name]);
}

/** Machines of test runs that ended without taking them away. */
async function removeLeftOvers(): Promise<void> {
  const names = ['/run/netns', tmpdir()].flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
  for (const name of new Set(names)) {
    const owner = /^droveri-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !commandLine(Number(owner)).includes('vitest')) await remove(name);
  }
}

/** What runs in a machine or in its network. */
async function processesOf(name: string): Promise<number[]> {
  if (!existsSync(`/run/netns/${name}`)) return [];
  return (await run('ip', ['netns', 'pids', name])).split('\n').filter(Boolean).map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // The machine's init takes the others with it.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
