// Changes and operations as data. Who finds them is in modules/, who carries them out in engine/applying/.
import * as z from 'zod';
import type { FactKind, FactRecord, Need } from '../facts/need.ts';

/** What a change does, in the words of the plan. */
export const changeActions = [
  'create',
  'update',
  'remove',
  'install',
  'download',
  'enable',
  'disable',
  'start',
  'stop',
  'restart',
  'reload',
  'run',
  'set',
] as const;

/** The fields every change has; a module adds what its `apply` needs. */
export const changeFields = {
  action: z.enum(changeActions),
  /** What is changed: a path, a unit, a package. */
  resource: z.string(),
  /** One line on how, for people. */
  detail: z.string().optional(),
  /** What made it necessary. */
  reason: z.string().optional(),
  /** Text before and after, where there is text to compare. Secrets stand in `after` as placeholders. */
  before: z.string().optional(),
  after: z.string().optional(),
  /** Set when the change interrupts a service that is in use: what it interrupts. Asked about before. */
  disrupts: z.string().optional(),
};

export type Change = z.infer<z.ZodObject<typeof changeFields>>;

/** What people should know beside the changes. */
export interface Note {
  readonly message: string;
  readonly hint: string;
}

/** What comparing desired with actual can come to. */
export type Verdict<C extends Change = Change> =
  | { readonly state: 'in-sync'; readonly result?: Readonly<Record<string, unknown>>; readonly note?: Note }
  | { readonly state: 'changes'; readonly changes: readonly C[]; readonly note?: Note }
  /** What the host holds rules it out; nothing is changed. */
  | {
      readonly state: 'refused';
      readonly reason: string;
      readonly hint: string;
      readonly result?: Readonly<Record<string, unknown>>;
    }
  /**
   * An API that should answer does not, or says that now is not the time; deferred if this plan is about to start it.
   * With a hint it does not pass: somebody has to do something.
   */
  | {
      readonly state: 'silent';
      readonly reason: string;
      readonly hint?: string;
      readonly result?: Readonly<Record<string, unknown>>;
    };

export function inSync(result?: Readonly<Record<string, unknown>>): Verdict<never> {
  return result ? { state: 'in-sync', result } : { state: 'in-sync' };
}

/** The changes, or in sync when there are none. */
export function changed<C extends Change>(...changes: readonly C[]): Verdict<C> {
  return changes.length === 0 ? { state: 'in-sync' } : { state: 'changes', changes };
}

/** `result` is what the task registers, for its own conditions to judge. */
export function refused(
  reason: string,
  hint: string,
  result?: Readonly<Record<string, unknown>>,
): Verdict<never> {
  return { state: 'refused', reason, hint, ...(result && { result }) };
}

/** `result` as for `refused`. */
export function silent(
  reason: string,
  hint?: string,
  result?: Readonly<Record<string, unknown>>,
): Verdict<never> {
  return { state: 'silent', reason, ...(hint === undefined ? {} : { hint }), ...(result && { result }) };
}

/** A fact that a change writes, with what it will be where that can be foreseen: see `predict` and `outdate`. */
interface FactWrite {
  readonly kind: FactKind;
  readonly key: string;
  readonly records?: readonly FactRecord[];
}

/** What a change writes; `*` is what nobody can list. Hints: the host checks before it relies on one. */
export type Write = '*' | FactWrite;

/** The fact that the need is about will be this. */
export function predict({ kind, key }: Need<unknown>, records: readonly FactRecord[]): FactWrite {
  return { kind, key, records };
}

/** The fact that the need is about will be another, and is unknown until it is collected again. */
export function outdate({ kind, key }: Need<unknown>): FactWrite {
  return { kind, key };
}
