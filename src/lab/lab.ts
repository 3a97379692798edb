// Throw-away hosts on this machine, for trying and for tests. Nothing that reaches a real host uses it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { TaskFailedError, UsageError } from '../core/errors.ts';
import { until } from '../core/until.ts';
import { prepareLayers, type LayerOptions } from './image.ts';
import { planHosts, writeInventory, type LabHost } from './inventory.ts';
import { raiseLimits } from './limits.ts';
import {
  boot,
  findMachine,
  isOpen,
  isPaused,
  lastWords,
  mountRoot,
  powerOff,
  removeRoot,
  setPaused,
} from './machine.ts';
import { namesOf, type LabNames } from './names.ts';
import {
  cutOff,
  isCut,
  lowerNetwork,
  plugIn,
  pluggedHosts,
  raiseNetwork,
  rejoin,
  unplug,
} from './network.ts';
import { findSave, unpackSave, writeSave } from './save.ts';
import { run, succeeds } from './shell.ts';

export interface LabHostStatus extends LabHost {
  readonly state: 'running' | 'off' | 'paused' | 'partitioned';
}

/** Throw-away hosts on this machine that behave as VMs: own address, systemd, sshd, apt. */
export class Lab {
  readonly #names: LabNames;
  readonly #say: (message: string) => void;

  constructor(name: string, say: (message: string) => void = () => undefined) {
    this.#names = namesOf(name);
    this.#say = say;
  }

  get inventory(): string {
    return join(this.#names.runFolder, 'inventory.yml');
  }

  /** Makes and boots the hosts of an inventory; those that run are left alone. Resolves when all answer on SSH. */
  async up(source: string, options: LayerOptions = {}): Promise<LabHost[]> {
    await this.#requireTools();
    const hosts = planHosts(source, this.#names);
    const layers = await prepareLayers(this.#say, options);
    const known = await this.#boot(hosts, layers);
    writeFileSync(join(this.#names.runFolder, 'known_hosts'), known.join(''), { mode: 0o600 });
    writeInventory(source, hosts, this.#names);
    await Promise.all(hosts.map((host) => this.#awaitSsh(host)));
    return hosts;
  }

  /** Boots the hosts of a save, which find their disks as after a power cut at the moment of saving. */
  async upFrom(name: string): Promise<LabHost[]> {
    await this.#requireTools();
    const save = findSave(name);
    const { lab, dataFolder, runFolder } = this.#names;
    if (save.lab !== lab) {
      throw new UsageError(`the save "${name}" is of the lab "${save.lab}", whose addresses it has`, {
        hint: `drover lab up --name ${save.lab} --from-save ${name}`,
      });
    }
    if ([dataFolder, runFolder].some(existsSync)) {
      throw new UsageError(`the lab "${lab}" is there already`, { hint: 'drover lab down removes it' });
    }
    await unpackSave(save, this.#names);
    const hosts = this.hosts();
    await this.#boot(hosts, save.layers);
    await Promise.all(hosts.map((host) => this.#awaitSsh(host)));
    return hosts;
  }

  /** Keeps the hosts as they are at this moment, for `upFrom`; they are frozen while they are copied. */
  async save(name: string): Promise<void> {
    const running = this.hosts().filter((host) => findMachine(this.#names, host.name));
    if (running.length === 0) throw new UsageError(`no host of the lab "${this.#names.lab}" runs`);
    for (const host of running) setPaused(this.#names, host.name, true);
    try {
      await writeSave(name, this.#names);
    } finally {
      for (const host of running) setPaused(this.#names, host.name, false);
    }
  }

  /** Resolves to each host's line of known_hosts once it boots. */
  async #boot(hosts: readonly LabHost[], layers: readonly string[]): Promise<string[]> {
    raiseLimits();
    mkdirSync(this.#names.runFolder, { recursive: true, mode: 0o700 });
    mkdirSync(this.#names.dataFolder, { recursive: true, mode: 0o700 });
    const key = await this.#key();
    await raiseNetwork(this.#names);
    const plugged = new Set(await pluggedHosts(this.#names));
    return Promise.all(
      hosts.map(async ({ name, address }) => {
        const hostKey = await mountRoot(this.#names, name, layers, key);
        if (!plugged.has(name)) await plugIn(this.#names, name, address);
        if (!findMachine(this.#names, name)) await boot(this.#names, name);
        const [type = '', text = ''] = hostKey.split(' ');
        return `${address} ${type} ${text}\n`;
      }),
    );
  }

  /** Boots a host that is off, with what was on its disk. */
  async start(host: string): Promise<void> {
    const found = this.#require(host);
    if (!findMachine(this.#names, host)) await boot(this.#names, host);
    await this.#awaitSsh(found);
  }

  /** Takes down everything that bears the lab's name, whatever state it is in. */
  async down(): Promise<void> {
    const { dataFolder } = this.#names;
    const hosts = new Set([
      ...(await pluggedHosts(this.#names)),
      ...(existsSync(dataFolder) ? readdirSync(dataFolder) : []),
    ]);
    await Promise.all(
      [...hosts].map(async (host) => {
        await powerOff(this.#names, host, false);
        await unplug(this.#names, host);
        await removeRoot(this.#names, host);
      }),
    );
    await lowerNetwork(this.#names);
    rmSync(this.#names.dataFolder, { recursive: true, force: true });
    rmSync(this.#names.runFolder, { recursive: true, force: true });
  }

  async status(): Promise<LabHostStatus[]> {
    return Promise.all(
      this.hosts().map(async (host) => ({ ...host, state: await this.#stateOf(host.name) })),
    );
  }

  /** A power cut: the host is off at once, and its disk stays. */
  async kill(host: string): Promise<void> {
    this.#require(host);
    await powerOff(this.#names, host, false);
  }

  /** Turns a host off in good order. */
  async stop(host: string): Promise<void> {
    this.#require(host);
    await powerOff(this.#names, host, true);
  }

  /** Freezes a host: it answers nothing and loses no memory. */
  pause(host: string): void {
    this.#require(host);
    setPaused(this.#names, host, true);
  }

  /** Cuts a host off from some other hosts, or from all; this machine still reaches it. */
  async partition(host: string, from?: readonly string[]): Promise<void> {
    this.#require(host);
    const others = from ?? this.hosts().map(({ name }) => name);
    for (const other of others) this.#require(other);
    await cutOff(
      this.#names,
      host,
      others.filter((other) => other !== host),
    );
  }

  /** Ends a pause and a partition. */
  async heal(host: string): Promise<void> {
    this.#require(host);
    if (findMachine(this.#names, host)) setPaused(this.#names, host, false);
    await rejoin(this.#names, host);
  }

  /** The command line that logs in to a host, with `more` options of ssh(1). */
  sshCommand(host: string, command: readonly string[], more: readonly string[] = []): string[] {
    const { address } = this.#require(host);
    const file = (name: string) => join(this.#names.runFolder, name);
    const options = [
      '-i',
      file('key'),
      '-o',
      `UserKnownHostsFile=${file('known_hosts')}`,
      '-o',
      'IdentitiesOnly=yes',
      ...more,
    ];
    return ['ssh', ...options, `root@${address}`, ...command];
  }

  /** The hosts that the lab was made with. */
  hosts(): LabHost[] {
    if (!existsSync(this.inventory)) return [];
    return planHosts(this.inventory, this.#names);
  }

  #require(host: string): LabHost {
    const found = this.hosts().find(({ name }) => name === host);
    if (found) return found;
    const names = this.hosts().map(({ name }) => name);
    throw new UsageError(`the lab has no host "${host}"`, {
      hint: names.length === 0 ? 'drover lab up makes it' : `it has ${names.join(', ')}`,
    });
  }

  async #stateOf(host: string): Promise<LabHostStatus['state']> {
    const machine = findMachine(this.#names, host);
    if (!machine) return 'off';
    if (isPaused(machine)) return 'paused';
    return (await isCut(this.#names, host)) ? 'partitioned' : 'running';
  }

  async #requireTools(): Promise<void> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) {
      throw new UsageError('the lab needs Linux and root', { hint: 'or use machines of your own with -i' });
    }
    const packages = {
      mmdebstrap: 'mmdebstrap',
      'systemd-nspawn': 'systemd-container',
      nft: 'nftables',
      ip: 'iproute2',
      'ssh-keygen': 'openssh-client',
    };
    const missing: string[] = [];
    for (const [program, name] of Object.entries(packages)) {
      if (!(await succeeds('sh', ['-c', `command -v ${program}`]))) missing.push(name);
    }
    if (missing.length > 0) {
      throw new UsageError(`the lab needs ${missing.join(', ')}`, {
        hint: `apt-get install ${missing.join(' ')}`,
      });
    }
  }

  async #key(): Promise<string> {
    const path = join(this.#names.runFolder, 'key');
    if (!existsSync(path))
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', this.#names.bridge, '-f', path]);
    return readFileSync(`${path}.pub`, 'utf8');
  }

  async #awaitSsh({ name, address }: LabHost): Promise<void> {
    const fail = async (failure: string) =>
      new TaskFailedError(`${name} ${failure}:\n${await lastWords(this.#names, name)}`);
    const waited = await until(
      async () => {
        const answers = await answersSsh(address);
        const machine = findMachine(this.#names, name);
        if (!machine) throw await fail('went off as it booted');
        // It answers before it lets everybody in.
        return answers && isOpen(machine) ? { done: true } : { missing: 'does not answer on SSH' };
      },
      { within: 60, every: 50 },
    );
    if ('missing' in waited) throw await fail(waited.missing);
  }
}

function answersSsh(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1000 });
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
