// What every other folder may use: errors with their exit codes, places in files, secrets, memory, waiting. It knows
// neither hosts nor files of drover's.
import { formatDiagnostic, type Diagnostic } from './diagnostics.ts';

/** The process's exit codes, as documented for the command line. */
export const exitCodes = {
  ok: 0,
  internal: 1,
  changesPending: 2,
  taskFailed: 3,
  unreachable: 4,
  invalidInput: 5,
  lockHeld: 6,
  unhealthy: 7,
  stalePlan: 8,
  usage: 64,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

interface ErrorDetails {
  hint?: string;
  cause?: unknown;
}

/** Base of all expected errors: it has an exit code and, if known, a hint on what to do. */
export abstract class DroverError extends Error {
  abstract readonly exitCode: ExitCode;
  hint: string | undefined;

  constructor(message: string, { hint, cause }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.hint = hint;
  }
}

/** The command line itself is wrong. */
export class UsageError extends DroverError {
  readonly exitCode = exitCodes.usage;
}

/** A file on this machine cannot be read or written: the disk is full, or it is not this user's. */
export class LocalFileError extends DroverError {
  readonly exitCode = exitCodes.internal;
}

/** Inventory, playbook, template, variables or the state of a host rule the run out; nothing was changed. */
export class InvalidInputError extends DroverError {
  readonly exitCode = exitCodes.invalidInput;
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'));
    this.diagnostics = diagnostics;
  }
}

/** A host can't be connected to, or its connection was lost. */
export class UnreachableError extends DroverError {
  readonly exitCode = exitCodes.unreachable;
  /** Which one, where a run has lost it: a task's own, or one that it was delegated to or asks. */
  host: string | undefined;

  constructor(message: string, { host, ...details }: ErrorDetails & { host?: string } = {}) {
    super(message, details);
    this.host = host;
  }
}

/** A task did not do what it was asked to. */
export class TaskFailedError extends DroverError {
  readonly exitCode = exitCodes.taskFailed;
}

/** A task reported success and its resource is still not in the state asked for. */
export class ConvergenceError extends TaskFailedError {}

/** Another run holds the hosts. */
export class LockHeldError extends DroverError {
  readonly exitCode = exitCodes.lockHeld;
}

/** A health, gate or quorum check failed. */
export class UnhealthyError extends DroverError {
  readonly exitCode = exitCodes.unhealthy;
}

/** A saved plan no longer fits. */
export class StalePlanError extends DroverError {
  readonly exitCode = exitCodes.stalePlan;
}

/** The run was interrupted and has stopped at a safe point. */
export class InterruptedError extends DroverError {
  readonly exitCode = exitCodes.interrupted;
}

/** The order in which exit codes win when several apply. */
const precedence: readonly ExitCode[] = [130, 64, 1, 5, 8, 6, 4, 3, 7, 2, 0];

/** The exit code of a run to which several apply. */
export function worstExitCode(codes: Iterable<ExitCode>): ExitCode {
  const present = new Set(codes);
  return precedence.find((code) => present.has(code)) ?? exitCodes.ok;
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Anything thrown, with what is secret masked in all that is printed of it. */
export function maskError(error: unknown, redact: (text: string) => string): unknown {
  if (!(error instanceof Error)) return error;
  error.message = redact(error.message);
  if (error.stack !== undefined) error.stack = redact(error.stack);
  if (error instanceof DroverError && error.hint !== undefined) error.hint = redact(error.hint);
  return error;
}
