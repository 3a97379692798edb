import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { matchesScramVerifier } from '../../src/core/scram.ts';
import { Vault } from '../../src/core/secrets.ts';
import { possibleWrites } from '../../src/engine/tasks/effects.ts';
import { World } from '../../src/engine/hosts/world.ts';
import { identify, type Need } from '../../src/facts/need.ts';
import type { BoundTask, Module, ModuleContext, PlannedChange } from '../../src/modules/define-module.ts';
import { modules } from '../../src/modules/registry.ts';
import type { Change, Verdict } from '../../src/plan/change.ts';
import type { Operation } from '../../src/plan/operation.ts';
import { loadCases, type Case, type ExpectedOperation } from './case.ts';
import { addressOf, httpAnswer, isMeant, worldsOf } from './host-facts.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
const folderOf = (module: Module): string => `${root}${module.name.replaceAll('_', '-')}`;

it('there is a folder of cases for each module, and no other', () => {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual(
    [...modules.keys()].map((name) => name.replaceAll('_', '-')).sort(),
  );
});

for (const module of modules.values()) {
  describe(module.name, () => {
    const cases = existsSync(folderOf(module)) ? loadCases(folderOf(module), module) : [];
    it.each(cases)('$name', (given) => new CaseRun(module, given).check());
  });
}

/** One case, with its secrets sealed as they are in a run. */
class CaseRun {
  readonly #module: Module;
  readonly #case: Case;
  readonly #context: ModuleContext;

  constructor(module: Module, given: Case) {
    const vault = new Vault();
    for (const [name, value] of Object.entries(given.secrets)) vault.seal(name, value);
    this.#module = module;
    this.#case = sealed(given, Object.keys(given.secrets));
    this.#context = {
      digest: (text) => createHash('sha256').update(vault.reveal(text)).digest('hex'),
      encode: (text) => Buffer.from(vault.reveal(text)).toString('base64'),
      redact: (text) => vault.redact(text),
      matchesScram: (verifier, password) => matchesScramVerifier(verifier, vault.reveal(password)),
    };
  }

  check(): void {
    const {
      invalid,
      params,
      diff,
      guard,
      change,
      script,
      operations,
      writes,
      ruled_out: obstacle,
    } = this.#case;
    const kinds = [invalid, diff, guard, change, obstacle];
    expect(kinds.filter((expected) => expected !== undefined)).toHaveLength(1);
    if (obstacle !== undefined) {
      this.#checkObstacle(obstacle);
      return;
    }
    if (guard !== undefined) {
      this.#checkGuard(guard);
      return;
    }
    if (invalid !== undefined) {
      expect(this.#problems(params)).toEqual([invalid]);
      return;
    }
    const planned =
      change === undefined
        ? this.#checkDiff()
        : [this.#module.prepare(this.#module.change.parse(change), this.#context)];
    const made = planned.flatMap((step) => step.operations);
    if (script !== undefined) expectOperations(made, [script]);
    if (operations) expectOperations(made, operations);
    if (writes) expect(planned.flatMap((step) => step.writes)).toEqual(writes);
  }

  #problems(params: unknown): string[] {
    try {
      this.#module.bind(params, this.#context);
      return [];
    } catch (error) {
      if (!(error instanceof z.ZodError)) throw error;
      return error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '));
    }
  }

  #checkObstacle(expected: string | null): void {
    const { params, host, facts } = this.#case;
    const { needs, presumes } = this.#module.bind(params, this.#context);
    const world = worldsOf(this.#case, [...needs, ...presumes]).get(host);
    const found = presumes
      .filter((need) => Object.keys(facts).some((name) => isMeant(name, need, presumes)))
      .map((need) => need.parse(world?.records(need) ?? [])?.reason);
    expect(found.find((reason) => reason !== undefined) ?? null).toBe(expected);
  }

  #checkGuard(expected: NonNullable<Case['guard']>): void {
    const { params, host, facts, others } = this.#case;
    const task = this.#module.bind(params, this.#context);
    const worlds = worldsOf(this.#case, task.needs);
    const verdict = task.guard((need) => {
      const given = (need.host ?? host) === host ? facts : (others[need.host ?? ''] ?? {});
      const isKnown =
        typeof given === 'string' || Object.keys(given).some((name) => isMeant(name, need, task.needs));
      return isKnown ? worlds.get(need.host ?? host)?.records(need) : undefined;
    });
    if (expected === 'nothing') expect(verdict).toBeUndefined();
    else expect(verdict).toEqual(plainVerdict(expected, verdict as never));
  }

  /** Compares with what is expected; returns what is to be carried out. */
  #checkDiff(): PlannedChange[] {
    const { diff: expected, params, host } = this.#case;
    const task = this.#module.bind(params, this.#context);
    const worlds = worldsOf(this.#case, task.needs);
    const lookUp = (need: Need<unknown>) => worlds.get(need.host ?? host)?.records(need);
    const verdict = task.diff(lookUp);
    if (verdict.state !== 'changes') {
      expect(verdict).toEqual(plainVerdict(expected, verdict));
      return [];
    }
    expect(verdict.changes.map(({ action, resource }) => `${action} ${resource}`)).toEqual(
      Array.isArray(expected)
        ? expected.map(({ action, resource }) => `${String(action)} ${String(resource)}`)
        : expected,
    );
    expectChanges(verdict.changes, expected);
    const planned = verdict.changes.map((change) => this.#module.prepare(change, this.#context));
    // They are what the module says, and survive as JSON.
    const saved = JSON.parse(JSON.stringify(verdict.changes)) as unknown[];
    expect(saved.map((change) => this.#module.change.parse(change))).toEqual(verdict.changes);
    planned.flatMap(({ operations }) => operations).forEach(parsesInShell);
    this.#checkPrediction(task, worlds, planned);
    if (!this.#module.wide) checkMayWrite(task, planned);
    return planned;
  }

  /** Where the changes say what they will leave behind, that is in sync: a plan made on top of them is right. */
  #checkPrediction(
    task: BoundTask,
    worlds: ReadonlyMap<string, World>,
    planned: readonly PlannedChange[],
  ): void {
    const { host } = this.#case;
    if (this.#module.stepwise || this.#module.isCommand) return;
    const own = worlds.get(host)?.fork() ?? new World();
    for (const write of planned.flatMap(({ writes }) => writes))
      if (write !== '*') own.write(write, 'written');
    const lookUp = (need: Need<unknown>) =>
      need.host === undefined || need.host === host
        ? own.records(need)
        : worlds.get(need.host)?.records(need);
    if (task.needs.some((need) => lookUp(need) === undefined)) return;
    expect(task.diff(lookUp).state).toBe('in-sync');
  }
}

/** The case with each `{{NAME}}` of a secret as its placeholder. */
function sealed(given: Case, names: readonly string[]): Case {
  if (names.length === 0) return given;
  const secret = new RegExp(`\\{\\{((?:${names.join('|')})(?:\\|\\w+)*)\\}\\}`, 'g');
  const seal = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(secret, '\uE000$1\uE001');
    if (Array.isArray(value)) return value.map(seal);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, seal(inner)]));
  };
  return seal(given) as Case;
}

function plainVerdict(expected: Case['diff'], found: Exclude<Verdict, { state: 'changes' }>): unknown {
  if (expected === undefined || Array.isArray(expected)) return expected;
  // A result is looked at only where the case is about it.
  if (expected === 'in-sync') return found.state === 'in-sync' ? found : { state: expected };
  if ('in-sync' in expected) return { state: 'in-sync', result: expected['in-sync'] };
  if ('silent' in expected) {
    const hint = expected.hint === undefined ? {} : { hint: expected.hint };
    const result = expected.result ?? ('result' in found ? found.result : undefined);
    return { state: 'silent', reason: expected.silent, ...hint, result };
  }
  const hint = expected.hint ?? ('hint' in found ? found.hint : undefined);
  return { state: 'refused', reason: expected.refused, hint };
}

/** Each change has the fields that the case gives, and not those that it gives as null. */
function expectChanges(changes: readonly Change[], expected: Case['diff']): void {
  if (!Array.isArray(expected)) return;
  for (const [index, fields] of expected.entries()) {
    const [absent, given] = [true, false].map((isNull) =>
      Object.entries(fields).filter(([, value]) => (value === null) === isNull),
    );
    expect(changes[index]).toMatchObject(Object.fromEntries(given ?? []));
    for (const [name] of absent ?? []) expect(changes[index]).not.toHaveProperty(name);
  }
}

function expectOperations(made: readonly Operation[], expected: readonly ExpectedOperation[]): void {
  expect(made.map((operation, index) => shownAs(operation, expected[index]))).toEqual(expected.map(trimmed));
}

/** YAML's block text ends with a newline that a script does not have. */
function trimmed(expected: ExpectedOperation): unknown {
  if (typeof expected === 'string') return expected.replace(/\n$/, '');
  return 'run' in expected ? { ...expected, run: expected.run?.replace(/\n$/, '') } : expected;
}

/** An operation in the form, and with the fields, that a case gives. */
function shownAs(operation: Operation, expected: ExpectedOperation | undefined): unknown {
  if (operation.kind === 'run' && typeof expected === 'string') return operation.script;
  const all = fieldsOf(operation, expected);
  if (expected === undefined || typeof expected === 'string') return all;
  return Object.fromEntries(Object.keys(expected).map((key) => [key, all[key]]));
}

function fieldsOf(operation: Operation, expected: ExpectedOperation | undefined): Record<string, unknown> {
  switch (operation.kind) {
    case 'run':
      return { run: operation.script, ...operation };
    case 'sql': {
      const { addresses, database, user } = operation.queries[0] ?? {};
      return { sql: operation.queries.flatMap((query) => query.statements), addresses, database, user };
    }
    case 'http': {
      const { request, what, host, within } = operation;
      const { body, user, password } = request;
      const answers =
        typeof expected === 'object' && 'answers' in expected
          ? expected.answers?.map(({ answer }) => ({ answer, means: operation.progress(httpAnswer(answer)) }))
          : undefined;
      const sent: unknown = body === undefined ? undefined : JSON.parse(body);
      return { http: addressOf(request), what, host, within, user, password, body: sent, answers };
    }
  }
}

function parsesInShell(operation: Operation): void {
  if (operation.kind === 'run') execFileSync('sh', ['-n'], { input: operation.script, stdio: 'pipe' });
}

/** A task that is deferred counts as writing its needs, and what it says it may: a plan must not miss the rest. */
function checkMayWrite(task: BoundTask, planned: readonly PlannedChange[]): void {
  const foreseen = possibleWrites(task.needs, task).map(identify);
  const written = planned.flatMap(({ writes }) => writes);
  expect(
    written
      .map((write) => (write === '*' ? write : identify(write)))
      .filter((each) => !foreseen.includes(each)),
  ).toEqual([]);
}
