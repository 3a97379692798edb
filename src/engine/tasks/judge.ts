import type { Condition, Task } from '../../config/playbook/model.ts';
import {
  ConvergenceError,
  InvalidInputError,
  UnhealthyError,
  UnreachableError,
  type DroverError,
} from '../../core/errors.ts';
import type { Diagnostic } from '../../core/diagnostics.ts';
import type { Change, Verdict } from '../../plan/change.ts';
import { TemplateError } from '../../vars/template.ts';
import type { Fleet } from '../hosts/fleet.ts';
import { commandResult } from './command-result.ts';
import { lastLines } from '../../core/text.ts';
import { conditionsHold, type Instance } from './instance.ts';
import type { Outcome, ChangeOutput } from './outcome.ts';

/** Seconds in which what a task asks has to answer: a leader hands over, or a killed run's restart comes to its end. */
export const silenceWithin = 60;
/** Milliseconds between two questions to what is silent. */
export const askAgainEvery = 1000;

/** The outcome of a task that cannot be carried out. */
export function failureOf(
  instance: Instance,
  verdict: Exclude<Verdict, { state: 'in-sync' | 'changes' }>,
): Outcome {
  const { reason } = verdict;
  const hint = verdict.hint === undefined ? {} : { hint: verdict.hint };
  const result = { ...verdict.result, msg: reason };
  const base = { status: 'failed' as const, changes: [], result, reason, ...hint };
  if (verdict.state === 'silent')
    return { ...base, error: new UnhealthyError(`${instance.host}: ${reason}`, hint) };
  return { ...base, error: invalid(instance, { message: reason, ...hint }) };
}

/** The outcome of a task that has nothing to do, or cannot do it, by its conditions on the result. */
export function outcomeWithoutChanges(
  instance: Instance,
  verdict: Exclude<Verdict, { state: 'changes' }>,
): Outcome {
  return judge(
    instance,
    verdict.state === 'in-sync' ? inSyncWith(verdict.result) : failureOf(instance, verdict),
  );
}

/** The outcome of a task that was in sync, by its conditions on the result. */
export function outcomeInSync(instance: Instance, result?: Outcome['result']): Outcome {
  return judge(instance, inSyncWith(result));
}

function inSyncWith(result: Outcome['result'] = {}): Outcome {
  return { status: 'ok', changes: [], result };
}

/** Whether a failure is a silence that may end by itself. */
export function mayPass({ error, hint }: Outcome): boolean {
  return error instanceof UnhealthyError && hint === undefined;
}

/** Whether a failure is a silence that somebody has to end. */
export function isFinal({ error, hint }: Outcome): boolean {
  return error instanceof UnhealthyError && hint !== undefined;
}

/**
 * What `changed_when` and `failed_when` make of an outcome, in this order, as in Ansible. Where they cannot be evaluated,
 * the task fails. Throws NotYetKnown where they ask for the result of another task that is not known yet.
 */
function judge(instance: Instance, outcome: Outcome): Outcome {
  const { failedWhen, changedWhen, module } = instance.task;
  if (!failedWhen && !changedWhen) return outcome;
  const hasFailed = outcome.status === 'failed';
  const wasChanged = outcome.status === 'changed' || (module.isCommand && outcome.changes.length > 0);
  const changed = changedWhen
    ? ask(instance, changedWhen, { ...outcome.result, failed: hasFailed, changed: wasChanged })
    : wasChanged;
  // A result that is short of members because the task has failed: that is what people have to know.
  if (typeof changed === 'object')
    return hasFailed && !module.isCommand ? outcome : failedBy(changed, outcome);
  const failed = failedWhen
    ? ask(instance, failedWhen, { ...outcome.result, failed: hasFailed, changed })
    : hasFailed;
  if (typeof failed === 'object') return hasFailed && !module.isCommand ? outcome : failedBy(failed, outcome);
  const result = { ...outcome.result, failed, changed, ...(failedWhen && { failed_when_result: failed }) };
  if (!failed) return { status: changed ? 'changed' : 'ok', changes: changed ? outcome.changes : [], result };
  if (hasFailed) return { ...outcome, result };
  const reason = `failed_when holds: ${(failedWhen ?? []).map(({ text }) => text).join(', ')}`;
  return {
    status: 'failed',
    changes: outcome.changes,
    result: { msg: reason, ...result },
    reason,
    ...(outcome.changes.length > 0 ? {} : { error: invalid(instance, { message: reason }) }),
  };
}

/** Whether conditions on a task's result hold, or why that cannot be said. */
function ask(
  instance: Instance,
  conditions: readonly Condition[],
  result: Readonly<Record<string, unknown>>,
): boolean | InvalidInputError {
  try {
    return conditionsHold(conditions, withResult(instance, result));
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return new InvalidInputError([{ ...error.diagnostic, hosts: [instance.host] }]);
  }
}

function failedBy(error: InvalidInputError, { changes, result }: Outcome): Outcome {
  return {
    status: 'failed',
    changes,
    result: { ...result, msg: error.message },
    reason: error.message,
    error,
  };
}

function invalid(
  { task: { at }, host }: Instance,
  problem: Pick<Diagnostic, 'message' | 'hint'>,
): DroverError {
  return new InvalidInputError([{ ...problem, at, hosts: [host] }]);
}

/** Whether what a task waits for has come. An outcome in which its `until` cannot be evaluated comes back as its failure. */
export function awaited(instance: Instance, outcome: Outcome): boolean | Outcome {
  const { until = [], module } = instance.task;
  if (outcome.result === undefined || outcome.error instanceof UnreachableError) return false;
  const failed = outcome.status === 'failed';
  const holds = ask(instance, until, { changed: outcome.status === 'changed', failed, ...outcome.result });
  if (typeof holds === 'boolean') return holds;
  // What has failed may be short of just the member that is waited for.
  return failed && !module.isCommand ? false : failedBy(holds, outcome);
}

/** Whether a task may yet fail by its own condition once its changes are made. */
export function isJudgedLater({ failedWhen, ignoreErrors }: Task): boolean {
  const never = failedWhen?.some((condition) => 'constant' in condition && !condition.constant);
  return failedWhen !== undefined && !never && !ignoreErrors;
}

function withResult(instance: Instance, result: Readonly<Record<string, unknown>>) {
  const { register } = instance.task;
  return register === undefined
    ? instance.scope
    : instance.scope.with(new Map([[register, { value: result as never }]]));
}

/** What became of changes that were carried out; with a fleet, its facts must be in sync by now. */
export function outcomeOf(
  instance: Instance,
  changes: readonly Change[],
  output: ChangeOutput,
  fleet?: Fleet,
): Outcome {
  const result = instance.task.module.isCommand ? commandResult(output) : {};
  if (output.status !== 0) {
    const reason = lastLines(output.stderr || output.stdout);
    const own = instance.task.module.isCommand ? { ...result, changed: true } : result;
    return judge(instance, { status: 'failed', changes, result: { ...own, msg: reason }, reason });
  }
  const open = fleet && notConverged(instance, fleet);
  if (open === undefined) return judge(instance, { status: 'changed', changes, result });
  const error = new ConvergenceError(
    `${instance.host}: "${instance.name}" was carried out and is still not in sync: ${open}`,
    { hint: 'something on the host undoes it, or does not take it' },
  );
  return { status: 'failed', changes, result, reason: error.message, error };
}

/** What is still to be changed after a task was carried out; undefined when nothing is. */
function notConverged(instance: Instance, fleet: Fleet): string | undefined {
  // A command is done when it has run: there is nothing to compare.
  if (instance.task.module.isCommand) return undefined;
  const verdict = instance.diff((need) => fleet.recordsOf(need, instance.host));
  switch (verdict.state) {
    case 'in-sync':
      return undefined;
    case 'changes':
      return verdict.changes
        .map(({ action, resource, detail }) => [action, resource, detail ?? ''].join(' ').trim())
        .join(', ');
    default:
      return verdict.reason;
  }
}
