import type { Become } from '../../config/become.ts';
import type { Play, Task } from '../../config/playbook/model.ts';
import type { VaultKeys } from '../../config/vault.ts';
import type { Scope, Variable } from '../../vars/scope.ts';
import type { BatchWalk } from './batch-walk.ts';
import type { Bindings } from './bindings.ts';
import type { Bound, Instance } from './instance.ts';
import type { Settled, TaskReport } from './outcome.ts';

/**
 * What has become of instances, each as soon as it is known. The walk stops reading at a failure that ends the host's
 * part of the play: nothing that was taken in after the failed instance is done then.
 */
export type Settling = AsyncIterable<Settled> | Iterable<Settled>;

/** What a walk does with the tasks it comes to: plan them, or carry them out. */
export interface Strategy {
  /** Takes an instance in. Each is settled once: here, at a later `submit`, or at a `flush`. */
  submit(instance: Instance): Settling;
  /** Settles everything taken in; the reason is for people. */
  flush(reason: string): Settling;
  /** Records a task whose result is not known yet. */
  leaveOpen?(task: Task, walk: WalkOptions, reason: string): void;
  /** Whether something taken in is not settled. */
  readonly pending: boolean;
  /** Says what became of a task. */
  report(task: TaskReport): void;
}

export interface WalkOptions {
  readonly host: string;
  readonly play: Play;
  readonly strategy: Strategy;
  readonly bindings: Bindings;
  /** What opens encrypted files. */
  readonly keys: VaultKeys;
  /** Masks what is secret. */
  redact(text: string): string;
  /** What variables say of who a task is done as on a host. */
  become(host: string, task: Task, scope: Scope): Become;
  readonly together: BatchWalk;
  /** The host's results and set_facts, which the walk adds to. */
  readonly registered: Map<string, Variable>;
  scope(task: Pick<Task, 'id' | 'vars' | 'includeVars'>): Scope;
  /** What a task came to before, where nothing that it looked at has changed since; else what it comes to now. */
  recall(task: Task, work: () => Bound[]): Bound[];
  selects(task: Task): boolean;
  /** Throws when the run is to stop. */
  checkpoint(): void;
}
