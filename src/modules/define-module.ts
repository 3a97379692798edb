// A folder for each module: what it takes, needs to know, decides, and has run. None touches a host or another module.
import * as z from 'zod';
import { memoize, memoizeLast } from '../core/memo.ts';
import type { Facts, FactRecord, Need, Needs, Presumption } from '../facts/need.ts';
import type { Change, Verdict, Write } from '../plan/change.ts';
import type { Operation } from '../plan/operation.ts';

/** What a module may ask of the run: nothing that touches a host. */
export interface ModuleContext {
  /** SHA-256 of a text as it will stand on the host, secrets revealed. */
  digest(text: string): string;
  /** The same text in Base64. */
  encode(text: string): string;
  /** A text of the host with the run's secrets masked. */
  redact(text: string): string;
  /** Whether a password, secrets revealed, is the one that a verifier of PostgreSQL's was made from. */
  matchesScram(verifier: string, password: string): boolean;
}

/** Parameters that drover fills in from the file that another one names: nobody's to give. */
export function filledIn({ file }: Module): string[] {
  return [...(file?.render ? ['content'] : []), ...(file?.folder ? ['tree'] : [])];
}

interface LocalFile {
  readonly param: string;
  readonly render: boolean;
  /** It may also name a folder; what is in that comes as `tree`. */
  readonly folder?: true;
}

/** How a task is written down, beside its parameters. */
interface ModuleDocs {
  readonly summary: string;
  /** What differs from Ansible's module of this name; empty where drover has none to differ from. */
  readonly differences?: readonly string[];
  readonly example: string;
}

export interface ModuleDefinition<P extends z.ZodType, C extends z.ZodType<Change>, N extends Needs> {
  readonly name: string;
  readonly docs: ModuleDocs;
  readonly params: P;
  /** A change of this module; tests hold what its diff gives against it. */
  readonly change: C;
  /** The parameter that a bare string or list stands for (`command: echo hi`). */
  readonly free?: string;
  /** The parameter that names a local file whose text comes as `content`: rendered, or as it is. */
  readonly file?: LocalFile;
  /** The module's changes can't be foreseen one by one: each is applied, then its needs are read again. */
  readonly stepwise?: boolean;
  /** Facts that a deferred task of this module may write, beside its own needs. */
  mayWrite?(params: z.output<P>): readonly Need<unknown>[];
  /** A deferred task of this module may write anything. */
  readonly wide?: boolean;
  /** It never changes a host. */
  readonly readOnly?: boolean;
  /** Its parameters are variables that it sets. */
  readonly setsVariables?: boolean;
  /** Facts it compares. */
  needs(params: z.output<P>, context: ModuleContext): N;
  /** Desired against actual. No host, clock, file system or randomness. */
  diff(facts: Facts<N>, params: z.output<P>, context: ModuleContext): Verdict<z.output<C>>;
  /**
   * What is to be refused even while some facts can't be known yet (they are undefined): a plan in which earlier
   * changes come first must not hide it until those are made.
   */
  guard?(facts: KnownFacts<N>, params: z.output<P>): Verdict<z.output<C>> | undefined;
  /**
   * What its changes take for granted. Looked up while planning, where it is known: a plan lists no change that the host
   * rules out, unless something before it may make that possible.
   */
  presumes?(params: z.output<P>): readonly Presumption[];
  /** What carries out one planned change; decides nothing. */
  apply(change: z.output<C>, context: ModuleContext): readonly Operation[];
  /** What takes a change that was made back again, where that is a matter of files and settings. */
  revert?(change: z.output<C>, context: ModuleContext): readonly Operation[];
  /** The facts that it writes: a hint for batching and for the plan. */
  writes(change: z.output<C>, context: ModuleContext): readonly Write[];
  /** The state aimed at, in one line, for tasks whose changes can't be known yet. */
  aim(params: z.output<P>): string;
  /**
   * The playbook's own command as a script, for modules that run one. Its end and output are the task's result, what it
   * does nobody knows, and a task may declare that it only reads: then it runs while facts are collected.
   */
  command?(params: z.output<P>): string;
}

/** Facts of which some can't be known yet. */
type KnownFacts<N extends Needs> = {
  [K in keyof Facts<N>]: Facts<N>[K] extends readonly (infer F)[]
    ? readonly (F | undefined)[]
    : Facts<N>[K] | undefined;
};

/** Looks a need's records up; undefined while they are not known. */
type LookUp = (need: Need<unknown>) => readonly FactRecord[] | undefined;

/** A module with its types erased: what the engine works with. */
export interface Module {
  readonly name: string;
  readonly docs: ModuleDocs;
  readonly params: z.ZodType;
  /** What the changes of its diff are; tests hold them against it. */
  readonly change: z.ZodType<Change>;
  readonly free: string | undefined;
  readonly file: LocalFile | undefined;
  readonly stepwise: boolean;
  readonly wide: boolean;
  readonly readOnly: boolean;
  /** It runs a command of the playbook's own. */
  readonly isCommand: boolean;
  /** Its parameters are variables that it sets. */
  readonly setsVariables: boolean;
  /** Parses parameters; throws a ZodError that names what is wrong. */
  bind(raw: unknown, context: ModuleContext): BoundTask;
  /** What a change that its own diff gave will write. */
  writesOf(change: Change, context: ModuleContext): readonly Write[];
  /** What carries out a change that its own diff gave. */
  prepare(change: Change, context: ModuleContext): PlannedChange;
}

/** A task with its parameters: ready to be compared. */
export interface BoundTask {
  readonly params: unknown;
  readonly needs: readonly Need<unknown>[];
  /** What its changes take for granted. */
  readonly presumes: readonly Presumption[];
  readonly aim: string;
  /** The script of a command. */
  readonly command: string | undefined;
  /** What a deferred task may write, beside its own needs. */
  readonly mayWrite: readonly Need<unknown>[];
  diff(lookUp: LookUp): Verdict;
  guard(lookUp: LookUp): Verdict | undefined;
}

/** A change that can be applied. */
export interface PlannedChange {
  readonly change: Change;
  readonly operations: readonly Operation[];
  /** What takes it back; empty where nothing can. */
  readonly revert: readonly Operation[];
  readonly writes: readonly Write[];
}

export function defineModule<P extends z.ZodType, C extends z.ZodType<Change>, N extends Needs>(
  definition: ModuleDefinition<P, C, N>,
): Module {
  // Asked for as a change is planned, and as it is carried out, on each host.
  const writesOf = memoize((change: Change, context: ModuleContext) =>
    definition.writes(change as z.output<C>, context),
  );
  return {
    name: definition.name,
    docs: definition.docs,
    params: definition.params,
    change: definition.change,
    free: definition.free,
    file: definition.file,
    stepwise: definition.stepwise ?? false,
    wide: definition.wide ?? false,
    readOnly: definition.readOnly ?? false,
    isCommand: definition.command !== undefined,
    setsVariables: definition.setsVariables ?? false,
    bind(raw, context) {
      const params = definition.params.parse(raw);
      const needs = definition.needs(params, context);
      const all = Object.values(needs).flat() as readonly Need<unknown>[];
      const compare = memoizeLast((found: readonly (readonly FactRecord[] | undefined)[]) => {
        // They are asked for in the order of `all`.
        let at = 0;
        return definition.diff(
          readFacts(needs, () => found[at++]),
          params,
          context,
        );
      });
      return {
        params,
        needs: all,
        get aim() {
          return definition.aim(params);
        },
        get mayWrite() {
          return definition.mayWrite?.(params) ?? [];
        },
        presumes: definition.presumes?.(params) ?? [],
        get command() {
          return definition.command?.(params);
        },
        diff: (lookUp) => compare(all.map(lookUp)),
        guard: (lookUp) => definition.guard?.(readKnownFacts(needs, lookUp), params),
      };
    },
    writesOf,
    prepare(own, context) {
      const change = own as z.output<C>;
      return {
        change,
        operations: definition.apply(change, context),
        get revert() {
          return definition.revert?.(change, context) ?? [];
        },
        writes: writesOf(change, context),
      };
    },
  };
}

function readFacts<N extends Needs>(needs: N, lookUp: LookUp): Facts<N> {
  return mapNeeds(needs, (need) => need.parse(lookUp(need) ?? [])) as Facts<N>;
}

function readKnownFacts<N extends Needs>(needs: N, lookUp: LookUp): KnownFacts<N> {
  return mapNeeds(needs, (need) => {
    const records = lookUp(need);
    return records && need.parse(records);
  }) as KnownFacts<N>;
}

function mapNeeds(needs: Needs, read: (need: Need<unknown>) => unknown): unknown {
  const entries = Object.entries(needs).map(([name, need]) => [
    name,
    Array.isArray(need) ? (need as readonly Need<unknown>[]).map(read) : read(need as Need<unknown>),
  ]);
  return Object.fromEntries(entries);
}
