import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { quoteAll } from '../src/shell/quote.ts';
import type { Address, BenchHosts } from './hosts.ts';
import type { Command } from './measure.ts';

/** One way to do the work of a case. */
export interface Contender {
  readonly name: string;
  readonly command: Command;
  /** It takes so long that few runs have to do. */
  readonly slow?: boolean;
  /** Ends what the command leaves on this machine. */
  readonly after?: () => Promise<void>;
}

export const drover = 'drover';
/** drover as it is measured, in the folder that it is built in. */
export const bundle = 'dist/drover.js';
export const cold = 'ssh';
export const curve = 'ssh, curve25519';

const mitogen = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy';

/** Installs what is measured beside drover. */
export async function installTools(say: (message: string) => void): Promise<void> {
  const missing = ['/usr/bin/ansible', mitogen, '/usr/bin/time', '/usr/bin/curl'].filter(
    (path) => !existsSync(path),
  );
  if (missing.length === 0) return;
  say('installing ansible, ansible-mitogen, time and curl');
  await execa('apt-get', ['-y', '-qq', 'install', 'ansible', 'ansible-mitogen', 'time', 'curl'], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  });
}

export class Tools {
  readonly #hosts: BenchHosts;

  constructor(hosts: BenchHosts) {
    this.#hosts = hosts;
  }

  /** drover from the bundle, with facts of its own in the cache. */
  drover(...args: readonly string[]): Contender {
    const env = { XDG_CACHE_HOME: join(this.#hosts.folder, 'cache') };
    return { name: drover, command: { args: [process.execPath, bundle, ...args], env } };
  }

  /** Ansible as it comes, with what makes it faster, and with Mitogen. */
  ansibles(addresses: readonly Address[], program: readonly string[]): Contender[] {
    const forks = `forks = ${Math.min(addresses.length, 100)}`;
    return [
      this.#ansible('Ansible', [forks], [], program),
      this.#ansible('Ansible, pipelining', [forks], ['pipelining = True'], program),
      this.#ansible(
        'Mitogen',
        [forks, `strategy_plugins = ${mitogen}`, 'strategy = mitogen_linear'],
        [],
        program,
      ),
    ];
  }

  /** OpenSSH to all addresses at once, with its own key exchange and with a faster one. */
  ssh(
    addresses: readonly Address[],
    name: string,
    remote: (ssh: string, address: Address) => string,
  ): Contender[] {
    return [
      this.#inParallel(cold, addresses, name, remote),
      this.#inParallel(curve, addresses, name, remote, fast),
    ];
  }

  #inParallel(
    name: string,
    addresses: readonly Address[],
    label: string,
    remote: (ssh: string, address: Address) => string,
    ...options: string[]
  ): Contender {
    const path = join(this.#hosts.folder, `${label}${options.length === 0 ? '' : '-curve'}.sh`);
    const commands = addresses.map((address) =>
      remote(quoteAll(this.#hosts.ssh(address, ...options)), address),
    );
    return atOnce(name, path, commands);
  }

  #ansible(
    name: string,
    defaults: readonly string[],
    connection: readonly string[],
    program: readonly string[],
  ): Contender {
    const folder = join(this.#hosts.folder, name.replaceAll(/\W+/g, '-').toLowerCase());
    const sockets = join(folder, 'sockets');
    mkdirSync(sockets, { recursive: true });
    const config = join(folder, 'ansible.cfg');
    const sections = [
      ['[defaults]', ...defaults, 'deprecation_warnings = False', `local_tmp = ${folder}/tmp`],
      ['[ssh_connection]', `control_path_dir = ${sockets}`, ...connection],
    ];
    writeFileSync(config, sections.map((lines) => `${lines.join('\n')}\n`).join('\n'));
    // Each run begins without connections.
    const after = async () => {
      await Promise.all(
        readdirSync(sockets).map((socket) =>
          execa('ssh', ['-O', 'exit', '-o', `ControlPath=${join(sockets, socket)}`, 'any'], {
            reject: false,
          }),
        ),
      );
      rmSync(sockets, { recursive: true });
      mkdirSync(sockets);
    };
    return { name, command: { args: program, env: { ANSIBLE_CONFIG: config } }, slow: true, after };
  }
}

export const fast = 'KexAlgorithms=curve25519-sha256';

/** Shell commands that run side by side, by a script at this path. */
export function atOnce(name: string, path: string, commands: readonly string[]): Contender {
  const lines = commands.map((command) => `{ ${command}; } & pids="$pids $!"`);
  writeFileSync(path, `${lines.join('\n')}\nfor pid in $pids; do wait "$pid" || exit 1; done\n`);
  return { name, command: { args: ['sh', path] } };
}
