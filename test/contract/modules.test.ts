import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isScript, scriptOf } from '../../src/engine/applying/perform.ts';
import type { Segment } from '../../src/engine/applying/queue-script.ts';
import type { World } from '../../src/engine/hosts/world.ts';
import { guardDigest, isGuarded } from '../../src/facts/collectors.ts';
import { needDigest } from '../../src/facts/content.ts';
import { identify, type Need } from '../../src/facts/need.ts';
import { needPath } from '../../src/facts/path.ts';
import type { BoundTask, Module, PlannedChange } from '../../src/modules/define-module.ts';
import { modules } from '../../src/modules/registry.ts';
import { ContractHost } from './host.ts';
import { makeRepository } from './repository.ts';
import { loadStates, type State } from './state.ts';

/** Modules that change hosts, and that a single container cannot hold to it: the whole clusters do (test/e2e). */
const elsewhere: Readonly<Record<string, string>> = {
  etcd_member: 'needs etcd, and other members',
  modprobe: 'a container loads no kernel modules',
  patroni_config: 'needs Patroni',
  patroni_member: 'needs etcd and Patroni',
  patroni_restart: 'needs Patroni',
  postgres_alter_system: 'needs PostgreSQL and Patroni',
  postgres_query: 'needs PostgreSQL',
  postgres_role: 'needs PostgreSQL',
};

const folder = fileURLToPath(new URL('states/', import.meta.url));
const held = readdirSync(folder).map((file) => file.replace(/\.yaml$/, '').replaceAll('-', '_'));

it('every module that changes hosts is held to the contract, here or by the whole clusters', () => {
  const changing = [...modules.values()].filter(({ readOnly }) => !readOnly).map(({ name }) => name);
  expect([...held, ...Object.keys(elsewhere)].sort()).toEqual(changing.sort());
});

const host = new ContractHost();

beforeAll(async () => {
  try {
    await host.up();
    await host.sh(makeRepository);
  } catch (error) {
    await host.down();
    throw error;
  }
});
afterAll(() => host.down());

for (const name of held) {
  const module = modules.get(name);
  if (!module) throw new Error(`${folder}${name}: there is no such module`);
  const states = loadStates(`${folder}${name.replaceAll('_', '-')}.yaml`);
  const guarded = states.filter(({ meanwhile }) => meanwhile !== undefined);

  describe(name, () => {
    it.each(states)('$it', (state) => new Trial(module, state).run());
    it.each(guarded)('refuses when the host is not as planned for: $it', (state) =>
      new Trial(module, state).runTooLate(),
    );
    it('is tried on a host that changed between plan and apply', () => {
      expect(guarded.length).toBeGreaterThan(0);
    });
  });
}

it('what a host cannot tell is not taken for missing', async () => {
  // The first place where a program is looked for.
  const stat = '/usr/local/sbin/stat';
  await host.sh(`printf '#!/bin/sh\\nkill -9 $$\\n' > ${stat}; chmod 755 ${stat}`);
  try {
    await expect(host.collect([needPath('/etc')])).rejects.toThrow('host1: its state cannot be read: Killed');
  } finally {
    await host.sh(`rm ${stat}`);
  }
  expect((await host.collect([needPath('/etc')])).records(needPath('/etc'))).toHaveLength(1);
});

describe('a full disk', () => {
  const folder = '/srv/full';
  const content = 'x'.repeat(40_000);

  beforeAll(async () => {
    // 64 KiB, of which 8 are left.
    await host.sh(`mkdir -p ${folder}; mount -t tmpfs -o size=64k tmpfs ${folder}
echo old > ${folder}/conf; head -c 53248 /dev/zero > ${folder}/filling`);
  });
  afterAll(() => host.sh(`umount ${folder}; rmdir ${folder}`));

  it.each(['conf', 'new'])('leaves what is there, and says why it took nothing: %s', async (name) => {
    const path = `${folder}/${name}`;
    const module = modules.get('copy');
    const task = module?.bind({ dest: path, content }, host.context);
    if (!module || !task) throw new Error('there is no module copy');
    const before = await host.collect(task.needs);
    const verdict = task.diff((need) => before.records(need));
    if (verdict.state !== 'changes') throw new Error(`no changes, but ${JSON.stringify(verdict)}`);
    const scripts = verdict.changes.map((change) => strictScriptOf(module.prepare(change, host.context)));
    const guard = task.needs.filter(({ kind }) => isGuarded(kind));
    const digest = guardDigest(guard, (need) => before.records(need) ?? []);
    const listed = await host.sh(`ls -lA ${folder}`);
    const { segments } = await host.apply([{ guard, digest, scripts }], task.needs);
    expect(segments[0]).toMatchObject([{ status: 1 }]);
    expect(segments[0]?.[0]?.stderr).toContain(`${path} cannot be written: No space left on device`);
    expect(await host.sh(`ls -lA ${folder}; cat ${folder}/conf`)).toBe(`${listed}old\n`);
  });
});

/** One task that meets one state of the host. */
class Trial {
  readonly #module: Module;
  readonly #state: State;
  readonly #task: BoundTask;
  /** The task's needs, and what else a plan may know of the path that it changes. */
  readonly #needs: readonly Need<unknown>[];

  constructor(module: Module, state: State) {
    for (const [name, value] of Object.entries(state.secrets)) host.vault.seal(name, value);
    this.#module = module;
    this.#state = state;
    this.#task = module.bind(sealed(state.params, Object.keys(state.secrets)), host.context);
    const own = new Set(this.#task.needs.map(identify));
    // What comes along, such as the links of a unit that is enabled, no plan foresees.
    const paths = state.touches.filter((path) => state.plan.some((change) => change.endsWith(` ${path}`)));
    const beside = paths
      .flatMap((path): Need<unknown>[] => [needPath(path), needDigest(path)])
      .filter((need) => !own.has(identify(need)));
    this.#needs = [...this.#task.needs, ...beside];
  }

  async run(): Promise<void> {
    const { plan, touches, proof } = this.#state;
    const { before, planned } = await this.#plan();
    expect(await host.changedPaths(), 'collecting changed the host').toEqual([]);
    expect(planned.map(({ change }) => `${change.action} ${change.resource}`)).toEqual(plan);
    const output = await host.apply([this.#segment(before, planned)], this.#needs);
    expect(output.stoppedAt, 'the guard found another state than the one just collected').toBeUndefined();
    expect(output.segments[0]?.filter(({ status }) => status !== 0)).toEqual([]);
    expect(output.segments[0]).toHaveLength(planned.length);

    expectOnly(await host.changedPaths(), touches);
    const after = await host.collect(this.#needs);
    this.#expectForeseen(before, planned, after);
    if (!this.#module.isCommand || this.#task.needs.length > 0) {
      expect(this.#task.diff((need) => after.records(need))).toMatchObject({ state: 'in-sync' });
    }
    if (proof !== undefined) await host.sh(proof);
  }

  /** The host is changed after the plan was made: nothing may be done. */
  async runTooLate(): Promise<void> {
    const { before, planned } = await this.#plan();
    await host.notePaths(this.#state.meanwhile);
    const output = await host.apply([this.#segment(before, planned)], this.#needs);
    expect(output.stoppedAt).toBe(0);
    expect(output.segments).toEqual([[]]);
    expect(await host.changedPaths()).toEqual([]);
  }

  async #plan(): Promise<{ before: World; planned: PlannedChange[] }> {
    await host.notePaths(this.#state.given);
    const before = await host.collect(this.#needs);
    const verdict = this.#task.diff((need) => before.records(need));
    if (verdict.state !== 'changes') throw new Error(`no changes, but ${JSON.stringify(verdict)}`);
    return { before, planned: verdict.changes.map((change) => this.#module.prepare(change, host.context)) };
  }

  #segment(before: World, planned: readonly PlannedChange[]): Segment {
    const guard = this.#task.needs.filter(({ kind }) => isGuarded(kind));
    const digest = guardDigest(guard, (need) => before.records(need) ?? []);
    return { guard, digest, scripts: planned.map(strictScriptOf) };
  }

  /** Nothing that the plan took as known after the changes is otherwise. */
  #expectForeseen(before: World, planned: readonly PlannedChange[], after: World): void {
    const foreseen = before.fork();
    for (const write of planned.flatMap(({ writes }) => writes)) foreseen.write(write, 'written');
    for (const need of this.#needs) {
      const expected = foreseen.records(need);
      const found = after.records(need) ?? [];
      // A time cannot be foreseen, and a text is not brought once it is the one that was asked for.
      if (expected === undefined || need.kind === 'ctime' || (need.kind === 'content' && found.length === 0))
        continue;
      expect([...found].sort(), `${need.kind} ${need.key}`).toEqual([...expected].sort());
    }
  }
}

/** The script of a change as a run makes it, in a shell that also refuses variables that are not set. */
function strictScriptOf(change: PlannedChange): string {
  if (!isScript(change)) throw new Error('an operation is no script');
  const script = scriptOf({ becomeUser: undefined, environment: {} }, change);
  execFileSync('sh', ['-n'], { input: script, stdio: 'pipe' });
  return `set -u\n${script}`;
}

/** The parameters with each `{{NAME}}` of a secret as its placeholder. */
function sealed(params: State['params'], names: readonly string[]): unknown {
  const text = names.reduce(
    (json, name) => json.replaceAll(`{{${name}}}`, `\uE000${name}\uE001`),
    JSON.stringify(params),
  );
  return JSON.parse(text);
}

function expectOnly(changed: readonly string[], touches: readonly string[]): void {
  const folders = touches.filter((path) => path.endsWith('/'));
  const isBelow = (path: string) => folders.some((parent) => `${path}/`.startsWith(parent));
  const exact = touches.filter((path) => !path.endsWith('/'));
  expect(changed.filter((path) => !isBelow(path) || exact.includes(path))).toEqual([...exact].sort());
}
