import type { Play, Task } from '../../config/playbook/model.ts';
import type { DroverError } from '../../core/errors.ts';
import type { Change, Note } from '../../plan/change.ts';
import type { taskStatuses } from '../events.ts';
import type { Instance } from './instance.ts';

export type TaskStatus = (typeof taskStatuses)[number];

/** What became of one instance of a task. */
export interface Outcome {
  readonly status: 'ok' | 'changed' | 'failed' | 'deferred';
  readonly changes: readonly Change[];
  /** What `register` gets, beside changed, failed and skipped. Undefined while it can't be known. */
  readonly result: Readonly<Record<string, unknown>> | undefined;
  readonly reason?: string;
  readonly hint?: string;
  readonly note?: Note;
  /** The error to end the host's run with, where it is not an ordinary failure. */
  readonly error?: DroverError;
}

/** An instance with what became of it. */
export interface Settled {
  readonly instance: Instance;
  readonly outcome: Outcome;
}

/** What became of a task on a host. */
export interface TaskReport {
  readonly host: string;
  readonly play: Play;
  readonly task: Task;
  readonly name: string;
  readonly status: TaskStatus;
  readonly instances: readonly Settled[];
  readonly reason?: string | undefined;
  readonly hint?: string | undefined;
}

/** Ends the walk of one host: a task failed and nothing rescued it. */
export class HostFailed extends Error {
  readonly error: DroverError;

  constructor(error: DroverError) {
    super(error.message);
    this.error = error;
  }
}

/** A change with the host it is made on. */
export interface HostChange {
  readonly host: string;
  readonly change: Change;
}

/** What the script of a change printed, and its exit status. */
export interface ChangeOutput {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}
