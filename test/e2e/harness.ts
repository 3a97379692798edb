import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, vi } from 'vitest';
import type { z } from 'zod';
import type { EventLine, HostRecap } from '../../src/engine/events.ts';
import { identityOf, prepareLayers } from '../../src/lab/image.ts';
import { Lab } from '../../src/lab/lab.ts';
import { readSaves, removeSave } from '../../src/lab/save.ts';
import { labName } from '../lab-name.ts';
import { labRelease } from '../lab-release.ts';

export type Line = z.infer<typeof EventLine>;
export type LineOf<T extends Line['type']> = Extract<Line, { type: T }>;

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'dist/drover.js');

/** What one call of drover left behind. */
export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: readonly Line[];
}

/** Runs drover as a user would, from the bundle. */
export async function drover(...args: readonly string[]): Promise<Outcome> {
  return finished(start(...args));
}

/** Starts drover without waiting for it. */
export function start(...args: readonly string[]) {
  return startIn(root, ...args);
}

/** The same from another folder. */
export function startIn(folder: string, ...args: readonly string[]) {
  // A run that hangs is to end before its test does, so that the test can say where it stood.
  return execa(process.execPath, [program, ...args], { reject: false, cwd: folder, timeout: 900_000 });
}

export async function finished(running: ReturnType<typeof start>): Promise<Outcome> {
  const { exitCode, stdout, stderr } = await running;
  const lines = stdout
    .split('\n')
    .filter((line) => line.startsWith('{"v":2'))
    .map((line) => JSON.parse(line) as Line);
  return { exitCode, stdout, stderr, lines };
}

export function linesOf<T extends Line['type']>(outcome: Outcome, type: T): LineOf<T>[] {
  return outcome.lines.filter((line): line is LineOf<T> => line.type === type);
}

/** The last line's figures, by host. */
export function recapOf(outcome: Outcome): Record<string, HostRecap> {
  const recap = linesOf(outcome, 'recap').at(-1);
  if (!recap) throw new Error(`no recap; exit ${outcome.exitCode ?? '?'}\n${outcome.stderr}`);
  return recap.hosts;
}

/** Every change a plan lists, as `host: action resource`, in the order of the run. */
export function plannedChanges(outcome: Outcome): string[] {
  return linesOf(outcome, 'plan').flatMap((line) =>
    line.changes.map((change) => `${line.host}: ${change.action} ${change.resource}`),
  );
}

/** Every change that was made, in the same form. */
export function madeChanges(outcome: Outcome): string[] {
  return linesOf(outcome, 'change').map(
    (line) => `${line.host}: ${line.change.action} ${line.change.resource}`,
  );
}

/** An inventory in a folder of its own, so that its secrets.yml is nobody else's. */
export function writeInventory(yaml: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'drover-e2e-')), 'inventory.yml');
  writeFileSync(path, yaml);
  return path;
}

/** A lab for one test file; down at its end whatever happened. */
export class TestLab {
  readonly lab: Lab;
  readonly name: string;

  constructor(part?: string) {
    this.name = labName(part);
    this.lab = new Lab(this.name);
  }

  get inventory(): string {
    return this.lab.inventory;
  }

  async up(source: string): Promise<void> {
    await this.lab.down();
    await this.lab.up(source, { release: labRelease });
  }

  /** A healthy cluster that node1 leads: a save of what this very drover makes of the inventory, or it is made and saved. */
  async upHealthy(source: string): Promise<void> {
    await this.lab.down();
    const options = { installed: true, release: labRelease };
    const layers = await prepareLayers(() => undefined, options);
    const inventory = readFileSync(source, 'utf8');
    const saved = `${this.name}-${labRelease}-${digestOf(inventory)}-`;
    const save = `${saved}${outcomeDigest(layers, inventory)}`;
    const saves = readSaves();
    if (saves.some(({ name }) => name === save)) {
      await this.lab.upFrom(save);
    } else {
      await this.lab.up(source, options);
      expectExit(await drover('provision', '-y', '--no-verify', '-i', this.inventory, '--json'), 0);
      // One that an older drover made is of use to nobody.
      for (const { name } of saves) if (name.startsWith(saved)) removeSave(name);
      await this.lab.save(save);
    }
    await vi.waitFor(async () => expect(await this.#ills()).toEqual([]), { timeout: 120_000, interval: 300 });
    expect(await leaderOf(this.inventory)).toBe('node1');
    // After a boot etcd is led from anywhere.
    expectExit(await drover('rebalance', '-i', this.inventory, '--json'), 0);
  }

  async #ills(): Promise<string[]> {
    const { lines } = await drover('verify', '-i', this.inventory, '--json');
    const probes = lines.filter((line): line is LineOf<'probe'> => line.type === 'probe');
    // Where etcd is led from is put right afterwards.
    const ills = probes.filter(({ probe, verdict }) => verdict === 'fail' && probe !== 'etcd leader’s host');
    return probes.length === 0 ? ['nothing'] : ills.map(({ probe, found }) => `${probe}: ${found}`);
  }

  /** Runs a command on a host as root, past drover. Fails when it fails. */
  async on(host: string, script: string): Promise<string> {
    const [ssh = 'ssh', ...args] = this.lab.sshCommand(host, [script]);
    const { stdout } = await execa(ssh, args);
    return stdout;
  }

  /** Statements for the host's own PostgreSQL, as its superuser. */
  query(host: string, ...statements: readonly string[]): Promise<string> {
    const commands = statements.map((statement) => `-c "${statement}"`).join(' ');
    return this.on(host, `runuser -u postgres -- psql -qAt ${commands}`);
  }

  /** Edits the inventory, as a user would: these are all variables that are set beside the inventory's own. */
  set(variables: Readonly<Record<string, unknown>>): void {
    const folder = join(dirname(this.inventory), 'group_vars');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'all.yml'), JSON.stringify(variables));
  }

  down(): Promise<void> {
    return this.lab.down();
  }
}

/** All that decides what provisioning makes of an inventory. */
function outcomeDigest(layers: readonly string[], inventory: string): string {
  const hash = createHash('sha256').update(JSON.stringify([layers.map(identityOf), inventory]));
  for (const folder of ['dist', 'playbooks', 'templates', 'files']) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      const path = join(root, folder, name);
      // Where a clone lies stands in the source maps.
      if (statSync(path).isFile() && !name.endsWith('.map')) hash.update(name).update(readFileSync(path));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** When PostgreSQL was started, by node. */
export async function postmasterStarts(
  lab: TestLab,
  nodes: readonly string[],
): Promise<Record<string, string>> {
  const entries = await Promise.all(
    nodes.map(async (node) => [
      node,
      (await lab.on(node, 'runuser -u postgres -- psql -Atc "SELECT pg_postmaster_start_time()"')).trim(),
    ]),
  );
  return Object.fromEntries(entries) as Record<string, string>;
}

export const threeNodes = join(root, 'inventory/three-node.yml');

/** The three-node inventory with times for one site: a lost leader is replaced within 24 s. */
export function threeFastNodes(): string {
  const times = `
    patroni_ttl: 20
    patroni_loop_wait: 5
    patroni_retry_timeout: 5
    haproxy_check_interval: 1s`;
  return writeInventory(readFileSync(threeNodes, 'utf8').replace(/^( {2}vars:)$/m, `$1${times}`));
}

/** What `drover status --json` prints. */
export interface Status {
  readonly paused: boolean | null;
  readonly whole: boolean;
  readonly problems: readonly { where: string; what: string }[];
  readonly members: readonly {
    name: string;
    role: string | null;
    state: string | null;
    timeline: number | null;
    more: readonly string[];
  }[];
  readonly etcd: readonly { name: string; role: string | null }[];
}

export async function statusOf(inventory: string): Promise<Status> {
  return JSON.parse((await drover('status', '-i', inventory, '--json')).stdout) as Status;
}

/** Who leads; `nobody` is a name too. */
export async function leaderOf(inventory: string): Promise<string> {
  const { members } = await statusOf(inventory);
  return members.find(({ role }) => role === 'leader')?.name ?? 'nobody';
}

/** Fails with what drover said, which is what one wants to read then. */
export function expectExit(outcome: Outcome, wanted: number): void {
  if (outcome.exitCode === wanted) return;
  const said = outcome.lines.flatMap((line) =>
    'message' in line && line.message !== undefined ? [line.message] : [],
  );
  const changes = plannedChanges(outcome).slice(0, 20);
  throw new Error(
    [`exit ${outcome.exitCode ?? 'none'} instead of ${wanted}`, outcome.stderr, ...said, ...changes].join(
      '\n',
    ),
  );
}
