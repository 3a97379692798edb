import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Vault } from '../../src/core/secrets.ts';
import type { HostRun } from '../../src/engine/hosts/host-run.ts';
import { Lab } from '../../src/lab/lab.ts';
import { ConnectionPool } from '../../src/transport/pool.ts';
import { makeRepository } from '../contract/repository.ts';
import { differingPaths, listPaths } from '../host-paths.ts';
import { connectToLab, runOn } from '../lab-host.ts';
import { labName } from '../lab-name.ts';
import { labRelease } from '../lab-release.ts';

const tools = ['ansible', 'drover'] as const;
export type Tool = (typeof tools)[number];
export type ByTool<T> = Readonly<Record<Tool, T>>;

/** How playbooks call the first, the second and the third of their hosts. */
const names = ['one', 'two', 'three'] as const;

// What each tool keeps for itself, and what the system's own tools note beside what they do.
const ownPaths = [
  ...['/root/.ansible', '/home/*/.ansible', '/var/lib/drover', '/var/cache', '*/__pycache__'],
  ...['/etc/.pwd.lock', '/etc/passwd-', '/etc/group-', '/etc/shadow-', '/etc/gshadow-', '/etc/sub?id-'],
  ...['/var/lib/dpkg/lock*', '/var/lib/dpkg/*-old', '/var/lib/dpkg/triggers/Lock', '/var/lib/apt/lists'],
];

/** Prints each path of its input with what it is. */
const describe = `while IFS= read -r path; do
if [ -f "$path" ] && [ ! -L "$path" ]; then what="$(stat -c '%F %a %U:%G' "$path") $(sha256sum <"$path")"
elif [ -e "$path" ] || [ -L "$path" ]; then what=$(stat -c '%F %a %U:%G %N' "$path"); else what=gone; fi
printf '%s: %s\\n' "$path" "$what"
done`;

/** Prints each service with its state, whether it is enabled, and the run it is in. */
const listUnits = `systemctl show --property=Id,ActiveState,UnitFileState,InvocationID '*.service' |
awk -F= '/^Id=/ {id = $2} /^ActiveState=/ {active = $2} /^UnitFileState=/ {file = $2} /^InvocationID=/ {run = $2}
/^$/ {print id, active, file, run} END {print id, active, file, run}' |
grep -v '^systemd-\\|^user\\|^session' | sort -u`;

/** Two equal hosts, one for each tool. */
export class Pair {
  readonly #hosts: ByTool<HostRun>;

  constructor(hosts: ByTool<HostRun>) {
    this.#hosts = hosts;
  }

  /** What the lab calls the tool's host. */
  name(tool: Tool): string {
    return this.#hosts[tool].name;
  }

  /** Runs a script on both, which must succeed; what it printed. */
  async both(script: string, timeout?: number): Promise<ByTool<string>> {
    const run = async (tool: Tool) =>
      (await runOn(this.#hosts[tool], `export LC_ALL=C\n${script}`, timeout)).trimEnd();
    const [ansible, drover] = await Promise.all([run('ansible'), run('drover')]);
    return { ansible, drover };
  }

  /** Notes how they are, once a script is done. */
  async note(given: string): Promise<void> {
    await this.both(`cd /\n(\n${given}\n)\n${listPaths('before', ownPaths)}\n${listUnits} > units`);
  }

  /** What is not as it was noted on either: each path and unit with what it is, and what a script prints. */
  async changes(look: string): Promise<ByTool<readonly string[]>> {
    const found = await this.both(`${listPaths('now', ownPaths)}\n${differingPaths('before', 'now')}
${listUnits} > units.now; comm -13 units units.now | sed 's/[0-9a-f]\\{32\\}$/started anew/; s/^/unit /'`);
    const lines = tools.flatMap((tool) => found[tool].split('\n'));
    const isOther = (line: string) => line.startsWith('/') && !/^\/run\/drover(\/|$)/.test(line);
    const paths = [...new Set(lines.filter(isOther))].sort();
    const details = await this.both(`${describe} <<'PATHS'\n${paths.join('\n')}\nPATHS\n${look}`);
    const of = (tool: Tool) => [
      ...found[tool].split('\n').filter((line) => line.startsWith('unit ')),
      ...details[tool].split('\n').filter((line) => line !== '' && line !== ': gone'),
    ];
    return { ansible: of('ansible'), drover: of('drover') };
  }
}

/** Equal hosts for Ansible and for drover, in pairs that are taken for one playbook at a time. */
export class PlaybookHosts {
  readonly #lab = new Lab(labName('ans'));
  readonly #pool = new ConnectionPool(tools.length * names.length);
  readonly #runs: HostRun[] = [];
  readonly #free: Pair[] = [];
  readonly #waiting: (() => void)[] = [];

  async up(): Promise<void> {
    // Of a test run that ended without taking it down.
    await this.#lab.down();
    const folder = mkdtempSync(join(tmpdir(), 'drover-playbooks-'));
    const source = join(folder, 'hosts.yml');
    const all = tools.flatMap((tool) => names.map((name) => [`${tool}-${name}`, {}] as const));
    writeFileSync(source, JSON.stringify({ all: { hosts: Object.fromEntries(all) } }));
    await this.#lab.up(source, { release: labRelease });
    rmSync(folder, { recursive: true });
    const vault = new Vault();
    const connect = async (name: string) => {
      const run = await connectToLab(this.#lab, name, this.#pool, vault);
      this.#runs.push(run);
      return run;
    };
    await Promise.all(
      names.map(async (name) => {
        const [ansible, drover] = await Promise.all(tools.map((tool) => connect(`${tool}-${name}`)));
        if (!ansible || !drover) throw new Error(`${name} is not up`);
        const pair = new Pair({ ansible, drover });
        await pair.both(equalise, 300_000);
        this.#free.push(pair);
      }),
    );
  }

  async down(): Promise<void> {
    await Promise.all(this.#runs.map((host) => host.close()));
    await this.#pool.close();
    await this.#lab.down();
  }

  /** Waits for pairs and has something done with them. */
  async use<T>(count: number, work: (pairs: readonly Pair[]) => Promise<T>): Promise<T> {
    while (this.#free.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const pairs = this.#free.splice(0, count);
    try {
      return await work(pairs);
    } finally {
      this.#free.push(...pairs);
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /** How a tool reaches these hosts, as an inventory. */
  inventory(tool: Tool, pairs: readonly Pair[]): string {
    const file = (part: string) => join(dirname(this.#lab.inventory), part);
    const addresses = new Map(this.#lab.hosts().map(({ name, address }) => [name, address]));
    const hosts = pairs.map((pair, index) => {
      return [names[index] ?? '', { ansible_host: addresses.get(pair.name(tool)) }] as const;
    });
    const vars = {
      ansible_user: 'root',
      ansible_ssh_private_key_file: file('key'),
      ansible_ssh_common_args: `-o UserKnownHostsFile=${file('known_hosts')}`,
      ansible_python_interpreter: '/usr/bin/python3',
    };
    return JSON.stringify({ all: { vars, hosts: Object.fromEntries(hosts) } });
  }
}

/** Script that leaves no difference between hosts. Python is there for Ansible alone. */
const equalise = `hostnamectl set-hostname host
printf '127.0.0.1 localhost\\n127.0.1.1 host\\n' > /etc/hosts
DEBIAN_FRONTEND=noninteractive apt-get -y -qq install --no-install-recommends python3 python3-apt >/dev/null
${makeRepository}`;
