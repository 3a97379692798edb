import type { Play, Task } from '../../config/playbook/model.ts';
import {
  InvalidInputError,
  TaskFailedError,
  UnhealthyError,
  UnreachableError,
  type DroverError,
} from '../../core/errors.ts';
import { lastLines } from '../../core/text.ts';
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

/** What people see of a task with `no_log`. */
export const hiddenByNoLog = 'hidden by no_log';

/** The error of a task with `no_log`: of what kind and where, and not what it says. That a host is lost is no secret. */
export function withoutWords(error: DroverError, host: string): DroverError {
  if (error instanceof UnreachableError) return error;
  if (error instanceof InvalidInputError)
    return new InvalidInputError(
      error.diagnostics.map(({ at, hosts }) => ({
        message: hiddenByNoLog,
        ...(at && { at }),
        ...(hosts && { hosts }),
      })),
    );
  const message = `${host}: ${hiddenByNoLog}`;
  return error instanceof UnhealthyError ? new UnhealthyError(message) : new TaskFailedError(message);
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

/** What the script of a change that failed said, for the journal. */
export function lastWords({ task }: Instance, { stdout, stderr }: ChangeOutput): string {
  return task.noLog ? hiddenByNoLog : lastLines(stderr || stdout);
}
