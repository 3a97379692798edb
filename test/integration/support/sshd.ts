import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { Machine } from './machine.ts';

export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface SshdOptions {
  readonly hostKeys?: readonly KeyType[];
  readonly address?: string;
  readonly settings?: Readonly<Record<string, string | number>>;
}

let lastPort = 2200;

/** A real sshd on a port of its own. */
export class Sshd {
  readonly address: string;
  readonly port: number;
  readonly #machine: Machine;
  #log = '';

  private constructor(machine: Machine, address: string, port: number) {
    this.#machine = machine;
    this.address = address;
    this.port = port;
  }

  static async start(
    machine: Machine,
    { hostKeys = ['ed25519'], address = machine.address, settings = {} }: SshdOptions = {},
  ): Promise<Sshd> {
    const port = Number(settings['Port'] ?? ++lastPort);
    const sshd = new Sshd(machine, address, port);
    for (const type of hostKeys) await makeHostKey(machine, type);
    const lines = Object.entries({
      ...settings,
      ListenAddress: `${address}:${port}`,
      PidFile: `/run/sshd-${port}.pid`,
      AuthorizedKeysFile: '/etc/ssh/keys/%u',
      ...defaults(settings),
    }).map(([key, value]) => `${key} ${value}\n`);
    const keys = hostKeys.map((type) => `HostKey ${hostKeyFile(type)}\n`);
    const config = `/etc/ssh/sshd-${port}.conf`;
    writeFileSync(join(machine.root, config), [...lines, ...keys].join(''));
    await machine.run('mkdir -p /run/sshd');
    const daemon = machine.spawn('/usr/sbin/sshd', '-D', '-e', '-f', config);
    daemon.stderr.on('data', (text) => (sshd.#log += String(text)));
    await vi.waitFor(() => {
      if (!sshd.#log.includes('Server listening')) throw new Error(`sshd does not start: ${sshd.#log}`);
    });
    return sshd;
  }

  /** What it logged. */
  get log(): string {
    return this.#log;
  }

  /** Sends a signal to the processes that serve connections; the listener stays. */
  async signalConnections(signal: 'KILL' | 'STOP' | 'CONT'): Promise<void> {
    // A user's connection has two: the second, with fewer rights, is the first one's child.
    await this.#machine.run(
      `first=$(ps -o pid= --ppid $(cat /run/sshd-${this.port}.pid))
kill -${signal} $first $(ps -o pid= -o comm= --ppid "$(echo $first)" | sed -n 's/ sshd$//p')`,
    );
  }
}

function defaults(settings: Readonly<Record<string, unknown>>): Record<string, string> {
  const all: Record<string, string> = {
    UsePAM: 'yes',
    UseDNS: 'no',
    PermitRootLogin: 'yes',
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
    LogLevel: 'VERBOSE',
    PrintMotd: 'no',
  };
  return Object.fromEntries(Object.entries(all).filter(([key]) => !(key in settings)));
}

export function hostKeyFile(type: KeyType): string {
  return `/etc/ssh/droveri_host_${type}`;
}

async function makeHostKey(machine: Machine, type: KeyType): Promise<void> {
  const file = hostKeyFile(type);
  await machine.run(
    `[ -e ${file} ] || ssh-keygen -q -t ${type} ${type === 'rsa' ? '-b 2048' : ''} -N '' -f ${file}`,
  );
}

/** Lets a public key in as a user, beside those it has. */
export function authorize(machine: Machine, user: string, publicKey: string): void {
  const folder = join(machine.root, 'etc/ssh/keys');
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, user), publicKey);
}
