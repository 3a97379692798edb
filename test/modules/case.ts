import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Problems, readYaml } from '../../src/config/files.ts';
import { shapeOf, withLiterals } from '../../src/config/validate.ts';
import { formatDiagnostic } from '../../src/core/diagnostics.ts';
import { entryOf, toData, type Node } from '../../src/core/node.ts';
import type { Module } from '../../src/modules/define-module.ts';

const Scalar = z.union([z.string(), z.number(), z.boolean()]);

const HttpAnswer = z.union([
  z.strictObject({ status: z.int(), json: z.unknown().optional(), body: z.string().optional() }),
  z.strictObject({ silent: z.string() }),
]);
export type HttpAnswer = z.infer<typeof HttpAnswer>;

const SqlAnswer = z.union([
  z.strictObject({ rows: z.array(z.record(z.string(), z.unknown())) }),
  z.strictObject({ silent: z.string(), code: z.string().optional() }),
]);

/** A fact as a host gives it. What a collector prints is a list of fields, or a list of such lists. */
const Fact = z.union([
  z.array(z.array(Scalar)),
  z.array(Scalar),
  /** `file PATH` stands for all that the collectors print of a regular file. */
  z.strictObject({ mode: z.string(), owner: z.string(), group: z.string(), content: z.string() }),
  /** What was noted of a unit's last start: the inputs with the digests they had. */
  z.strictObject({
    invocation: z.string(),
    restart: z.record(z.string(), z.string()),
    reload: z.record(z.string(), z.string()),
    read_at: z.number(),
  }),
  z.strictObject({
    stdout: z.string().default(''),
    stderr: z.string().default(''),
    exit: z.int().default(0),
  }),
  z.strictObject({ content: z.string() }),
  HttpAnswer,
  SqlAnswer,
  /** Properties of a unit. */
  z.record(z.string(), Scalar),
]);
export type Fact = z.infer<typeof Fact>;

const Facts = z.record(z.string(), Fact.nullable());
export type Facts = z.infer<typeof Facts>;

const Partial = z.record(z.string(), z.unknown());

const Verdict = z.union([
  z.literal('in-sync'),
  z.strictObject({ 'in-sync': z.record(z.string(), z.unknown()) }),
  z.strictObject({ refused: z.string(), hint: z.string().optional() }),
  z.strictObject({
    silent: z.string(),
    hint: z.string().optional(),
    /** What the task registers; looked at only where the case is about it. */
    result: z.record(z.string(), z.unknown()).optional(),
  }),
  /** The changes, in order; each may name some of its fields only, and with null one that is not there. */
  z.array(Partial).min(1),
]);

const Progress = z.union([
  z.literal('done'),
  z.strictObject({ waiting: z.string() }),
  z.strictObject({ failed: z.string() }),
]);

const Operation = z.union([
  z.string(),
  z.strictObject({ run: z.string().optional(), timeout: z.number().optional(), user: z.string().optional() }),
  z.strictObject({
    /** Method and URL. */
    http: z.string(),
    what: z.string().optional(),
    host: z.string().optional(),
    user: z.string().optional(),
    password: z.string().optional(),
    body: z.unknown().optional(),
    within: z.number().optional(),
    answers: z.array(z.strictObject({ answer: HttpAnswer, means: Progress })).optional(),
  }),
  z.strictObject({
    sql: z.array(z.string()),
    addresses: z.array(z.string()).optional(),
    database: z.string().optional(),
    user: z.string().optional(),
  }),
]);
export type ExpectedOperation = z.infer<typeof Operation>;

const fields = {
  /** What the case shows; the file's name says it for a file with one. */
  it: z.string().optional(),
  /** The task's host; node1 if it is not said. */
  host: z.string().optional(),
  /** Values of secrets: `{{NAME}}` stands for one in everything else. */
  secrets: z.record(z.string(), z.string()).default({}),
  params: z.record(z.string(), z.unknown()).default({}),
  /** Of the task's host, by kind and key, or by kind alone where the module asks for one of it. */
  facts: Facts.default({}),
  /** Of other hosts; a text says why one cannot be reached. */
  others: z.record(z.string(), z.union([Facts, z.string()])).default({}),
  /** What is wrong with the parameters. */
  invalid: z.string().optional(),
  diff: Verdict.optional(),
  /** What is refused while the facts that are not given are not known yet. */
  guard: z.union([z.literal('nothing'), Verdict]).optional(),
  /** What a plan refuses the changes for, given the facts that are told; the others are not known. */
  ruled_out: z.string().nullable().optional(),
  /** A change to carry out, in place of those that the diff finds. */
  change: Partial.optional(),
  /** The script of the sole operation. */
  script: z.string().optional(),
  operations: z.array(Operation).optional(),
  writes: z.array(z.unknown()).optional(),
};

const Case = z.strictObject(fields);
export type Case = z.infer<typeof Case> & { readonly name: string; readonly host: string };

const CaseFile = z.strictObject({ ...fields, cases: z.array(z.record(z.string(), z.unknown())).optional() });

/** The cases of a module's folder. A file is one case, or what several have in common and, in `cases`, the rest. */
export function loadCases(folder: string, module: Module): Case[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => casesOf(join(folder, name), module));
}

function casesOf(path: string, module: Module): Case[] {
  const problems = new Problems();
  const root = readYaml(path, problems);
  if (!root) throw new Error(problems.list.map(formatDiagnostic).join('\n') || `${path} is empty`);
  const { cases, ...common } = CaseFile.parse(toData(asPlaybook(root, module)), { reportInput: true });
  const { host = 'node1' } = common;
  if (!cases) return [{ ...common, host, name: path.replace(/^.*\//, '').replace(/\.yaml$/, '') }];
  const listed = entryOf(root, 'cases')?.value;
  return cases.map((_, index) => {
    const node = listed?.kind === 'list' ? listed.items[index] : undefined;
    const own = Case.parse(toData(asPlaybook(node ?? root, module)));
    const name = `${path.replace(/^.*\//, '').replace(/\.yaml$/, '')}: ${own.it ?? ''}`;
    if (own.it === undefined) throw new Error(`${name}case ${index + 1} does not say what it shows (it:)`);
    return {
      ...common,
      ...own,
      name,
      host: own.host ?? host,
      secrets: { ...common.secrets, ...own.secrets },
      params: withoutNulls({ ...common.params, ...own.params }),
      facts: { ...common.facts, ...own.facts },
      others: mergeOthers(common.others, own.others),
    };
  });
}

/** Another host's facts: those in common and the case's, or why it cannot be reached. */
function mergeOthers(common: Case['others'], own: Case['others']): Case['others'] {
  const merged = Object.entries(own).map(([name, facts]) => {
    const inherited = common[name];
    const isBoth = typeof facts !== 'string' && typeof inherited !== 'string';
    return [name, isBoth ? { ...inherited, ...facts } : facts];
  });
  return { ...common, ...Object.fromEntries(merged) } as Case['others'];
}

/** As the engine does: a parameter that comes out as null is as good as not given. */
function withoutNulls(params: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null));
}

/** Parameters are read as a playbook's: `mode: 0644` is taken from its own text. */
function asPlaybook(node: Node, module: Module): Node {
  if (node.kind !== 'map' || !shapeOf(module.params)) return node;
  return {
    ...node,
    entries: node.entries.map((entry) =>
      entry.key === 'params' && entry.value.kind === 'map'
        ? { ...entry, value: withLiterals(entry.value, module.params) }
        : entry,
    ),
  };
}
