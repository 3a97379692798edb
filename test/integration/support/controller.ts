import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, vi } from 'vitest';
import { run } from '../../../src/lab/shell.ts';
import { hostName } from '../../../src/transport/known-hosts.ts';
import { ConnectionPool, type HostConnection } from '../../../src/transport/pool.ts';
import { Session } from '../../../src/transport/session.ts';
import { SshConfig } from '../../../src/transport/ssh-config.ts';
import {
  resolveTarget,
  type ConnectionOptions,
  type ConnectionVariables,
  type Target,
} from '../../../src/transport/target.ts';
import type { Machine } from './machine.ts';
import { authorize, hostKeyFile, type KeyType, type Sshd } from './sshd.ts';

type Given = ConnectionVariables & Partial<ConnectionOptions>;

/** The operator's side: a home of its own with keys, known_hosts and a configuration, and what was opened. */
export class Controller {
  readonly home = mkdtempSync(join(tmpdir(), `droveri-${process.pid}-home-`));
  readonly knownHosts = join(this.home, '.ssh/known_hosts');
  readonly #opened: { close(): unknown }[] = [];
  readonly #config = join(this.home, '.ssh/config');
  #configured = '';
  #ownKey = '';

  /** One for a test file. */
  static use(): Controller {
    const controller = new Controller();
    mkdirSync(join(controller.home, '.ssh'), { mode: 0o700 });
    controller.configure('');
    vi.stubEnv('SSH_AUTH_SOCK', undefined);
    afterEach(() => controller.close());
    afterAll(() => {
      rmSync(controller.home, { recursive: true });
      vi.unstubAllEnvs();
    });
    return controller;
  }

  /** Makes a key pair in ~/.ssh, and returns its path. */
  async makeKey(name: string, type: KeyType, passphrase = ''): Promise<string> {
    const path = join(this.home, '.ssh', name);
    const bits = type === 'rsa' ? ['-b', '2048'] : [];
    await run('ssh-keygen', ['-q', '-t', type, ...bits, '-N', passphrase, '-C', name, '-f', path]);
    return path;
  }

  /** Lets root and these users in by the controller's default key. */
  async authorizeOn(machine: Machine, ...users: string[]): Promise<void> {
    const path = join(this.home, '.ssh/id_ed25519');
    const publicKey =
      readIfThere(`${path}.pub`) ??
      readFileSync(`${await this.makeKey('id_ed25519', 'ed25519')}.pub`, 'utf8');
    for (const user of ['root', ...users]) authorize(machine, user, publicKey);
    this.#ownKey = `IdentityFile ${path}\n`;
    this.configure(this.#configured);
  }

  /** Takes an sshd's keys of these types into known_hosts. */
  async trust(
    machine: Machine,
    { address, port }: Pick<Sshd, 'address' | 'port'>,
    ...types: KeyType[]
  ): Promise<void> {
    for (const type of types.length === 0 ? (['ed25519'] as const) : types) {
      const key = await machine.run(`cut -d' ' -f1,2 ${hostKeyFile(type)}.pub`);
      appendFileSync(this.knownHosts, `${hostName(address, port)} ${key}\n`);
    }
  }

  /** Writes ssh's configuration. It has to name what lies in this home: ssh takes no other for one than the system does. */
  configure(text: string): void {
    this.#configured = text;
    writeFileSync(this.#config, `${text}\nMatch all\nUserKnownHostsFile ${this.knownHosts}\n${this.#ownKey}`);
  }

  /** A target as an inventory host with these variables and options would be. */
  target(sshd: Sshd, given: Given = {}, name = 'node1'): Promise<Target> {
    const { host = sshd.address, port = sshd.port, user = 'root' } = given;
    return this.resolve(name, { ...given, host, port, user });
  }

  resolve(name: string, given: Given = {}): Promise<Target> {
    const options: ConnectionOptions = { timeout: 10_000, acceptNewHostKeys: false, ...given };
    const { user: _user, ...rest } = options;
    return resolveTarget(name, given, rest, new SshConfig(this.#config));
  }

  pool(forks = 100, ask?: ConnectionOptions['askPassphrase']): ConnectionPool {
    return this.#kept(new ConnectionPool(forks, undefined, ask));
  }

  async connect(target: Target | Promise<Target>): Promise<HostConnection> {
    return this.pool().connect(await target);
  }

  async open(
    connection: HostConnection,
    options: Partial<Parameters<typeof Session.open>[0]> = {},
  ): Promise<Session> {
    const { openCommand, target } = connection;
    return this.#kept(await Session.open({ label: target.name, openCommand, ...options }));
  }

  async close(): Promise<void> {
    for (const opened of this.#opened.splice(0).reverse()) await opened.close();
  }

  #kept<T extends { close(): unknown }>(opened: T): T {
    this.#opened.push(opened);
    return opened;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
