import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { LabHost } from '../src/lab/inventory.ts';
import { Lab } from '../src/lab/lab.ts';
import { namesOf } from '../src/lab/names.ts';

/** Where an sshd answers. */
export interface Address {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

// Set aside for tests (RFC 2544), beside the lab's own 198.18.
const moreAddresses = (index: number) => `198.19.${index + 1}`;

/** Ten hosts of the lab, each with as many addresses as are asked for. */
export class BenchHosts {
  readonly names = namesOf('bench');
  readonly folder = mkdtempSync(join(tmpdir(), 'drover-bench-'));
  readonly knownHosts = join(this.folder, 'known_hosts');
  readonly #lab: Lab;
  #hosts: LabHost[] = [];

  constructor(say: (message: string) => void) {
    this.#lab = new Lab(this.names.lab, say);
  }

  async up(): Promise<void> {
    const names = Array.from({ length: 10 }, (_, index) => `bench${String(index + 1).padStart(2, '0')}`);
    const source = join(this.folder, 'hosts.yml');
    writeFileSync(
      source,
      JSON.stringify({ all: { hosts: Object.fromEntries(names.map((name) => [name, {}])) } }),
    );
    this.#hosts = await this.#lab.up(source);
    await this.everywhere(prepare);
    for (const [index, { name, address }] of this.#hosts.entries()) {
      const subnet = `${moreAddresses(index)}.0/24`;
      const machine = this.names.machine(name);
      await execa('ip', ['-n', machine, 'route', 'replace', 'local', subnet, 'dev', 'lo']);
      await execa('ip', ['route', 'replace', subnet, 'via', address]);
    }
    const own = readFileSync(join(this.names.runFolder, 'known_hosts'), 'utf8').trim().split('\n');
    const keyOf = (address: string) =>
      own
        .find((line) => line.startsWith(`${address} `))
        ?.split(' ')
        .slice(1);
    const lines = this.#hosts.map(({ address }, index) => {
      const key = keyOf(address)?.join(' ') ?? '';
      return `${address},${moreAddresses(index)}.*,[127.0.0.1]:${relayPort(index)} ${key}\n`;
    });
    writeFileSync(this.knownHosts, lines.join(''));
  }

  async down(): Promise<void> {
    await this.#lab.down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  get key(): string {
    return join(this.names.runFolder, 'key');
  }

  /** The first hosts, by their own addresses. */
  first(count: number): Address[] {
    return this.#hosts.slice(0, count).map(({ name, address }) => ({ name, address, port: 22 }));
  }

  /** Many addresses, spread over the hosts. */
  many(count: number): Address[] {
    return Array.from({ length: count }, (_, index) => ({
      name: `address${String(index + 1).padStart(3, '0')}`,
      address: `${moreAddresses(index % this.#hosts.length)}.${Math.floor(index / this.#hosts.length) + 1}`,
      port: 22,
    }));
  }

  /** An inventory that drover and Ansible read alike; YAML takes JSON. */
  inventory(name: string, addresses: readonly Address[]): string {
    const path = join(this.folder, `${name}.inventory.yml`);
    const hosts = Object.fromEntries(
      addresses.map((host) => [host.name, { ansible_host: host.address, ansible_port: host.port }]),
    );
    const vars = {
      ansible_user: 'root',
      ansible_ssh_private_key_file: this.key,
      ansible_ssh_common_args: `-o UserKnownHostsFile=${this.knownHosts}`,
      ansible_python_interpreter: '/usr/bin/python3',
    };
    writeFileSync(path, JSON.stringify({ all: { vars, hosts } }));
    return path;
  }

  /** OpenSSH's client for one address, without the user's own settings. */
  ssh({ address, port }: Address, ...options: string[]): string[] {
    const settings = [
      `UserKnownHostsFile=${this.knownHosts}`,
      'IdentitiesOnly=yes',
      'LogLevel=ERROR',
      ...options,
    ];
    const flags = settings.flatMap((setting) => ['-o', setting]);
    return ['ssh', '-F', '/dev/null', '-i', this.key, '-p', String(port), ...flags, `root@${address}`];
  }

  /** Runs a script on hosts, past all tools, and returns what each printed. */
  async everywhere(script: string, hosts = this.first(10), ...args: string[]): Promise<string[]> {
    return Promise.all(
      hosts.map(async ({ name }) => {
        const [ssh = 'ssh', ...flags] = this.#lab.sshCommand(name, ['sh', '-s', ...args]);
        return (await execa(ssh, flags, { input: script })).stdout;
      }),
    );
  }

  /** Bytes that went between this machine and the hosts since they are up. */
  bytes = (): number => bytesOver(this.names.bridge);
}

/** Bytes that have gone over a network device, in both directions. */
export function bytesOver(device: string): number {
  const counter = (name: string) =>
    Number(readFileSync(`/sys/class/net/${device}/statistics/${name}`, 'utf8'));
  return counter('rx_bytes') + counter('tx_bytes');
}

/** Where the relay to a host listens on this machine. */
export function relayPort(index: number): number {
  return 47_000 + index;
}

// Python is there for Ansible alone. What the tasks install is in apt's archive: nobody measures the mirror.
const prepare = `set -e
export DEBIAN_FRONTEND=noninteractive
dpkg -s python3-apt >/dev/null 2>&1 || apt-get -y -qq install --no-install-recommends python3 python3-apt >/dev/null
apt-get -y -qq install --download-only --no-install-recommends bc tree >/dev/null
# The lab's hosts can't set kernel parameters; their own network's they may, through a /proc of their own.
mountpoint -q /proc/sys/net || { mount -t proc proc /mnt && mount --bind /mnt/sys/net /proc/sys/net && umount /mnt; }
printf 'MaxStartups 1000\\n' >/etc/ssh/sshd_config.d/bench.conf
systemctl reload ssh`;
