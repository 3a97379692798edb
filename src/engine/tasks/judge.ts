import { ConvergenceError, InvalidInputError, UnhealthyError, type DroverError } from '../../core/errors.ts';
import type { Change, Verdict } from '../../plan/change.ts';
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
  const base = { status: 'failed' as const, changes: [], result: { msg: reason }, reason, ...hint };
  if (verdict.state === 'silent')
    return { ...base, error: new UnhealthyError(`${instance.host}: ${reason}`, hint) };
  const error: DroverError = new InvalidInputError([
    { message: reason, hint: verdict.hint, at: instance.task.at, hosts: [instance.host] },
  ]);
  return { ...base, error };
}

/** Whether a failure is a silence that may end by itself. */
export function mayPass({ error, hint }: Outcome): boolean {
  return error instanceof UnhealthyError && hint === undefined;
}

/** Whether a failure is a silence that somebody has to end. */
export function isFinal({ error, hint }: Outcome): boolean {
  return error instanceof UnhealthyError && hint !== undefined;
}

/** What `failed_when` and `changed_when` make of a result. */
function judge(
  instance: Instance,
  failed: boolean,
  result: Readonly<Record<string, unknown>>,
): { failed: boolean; changed: boolean; reason?: string } {
  const { failedWhen, changedWhen } = instance.task;
  const scope = withResult(instance, { ...result, failed, changed: true });
  if (failedWhen ? conditionsHold(failedWhen, scope) : failed) {
    return {
      failed: true,
      changed: false,
      ...(failedWhen && !failed ? { reason: 'failed_when holds' } : {}),
    };
  }
  return { failed: false, changed: changedWhen ? conditionsHold(changedWhen, scope) : true };
}

/** Whether what a task waits for has come. */
export function holds(instance: Instance, outcome: Outcome): boolean {
  if (
    outcome.result === undefined ||
    outcome.error ||
    (outcome.status === 'failed' && !instance.task.module.isCommand)
  )
    return false;
  const result = {
    ...outcome.result,
    failed: outcome.status === 'failed',
    changed: outcome.status === 'changed',
  };
  return conditionsHold(instance.task.until ?? [], withResult(instance, result));
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
  const { task } = instance;
  const result = task.module.isCommand ? commandResult(output) : {};
  const judged = judge(instance, output.status !== 0, result);
  if (judged.failed) {
    const reason = judged.reason ?? lastLines(output.stderr || output.stdout);
    return { status: 'failed', changes, result: { ...result, msg: reason }, reason };
  }
  const open = fleet && notConverged(instance, fleet);
  if (open !== undefined) {
    const error = new ConvergenceError(
      `${instance.host}: "${instance.name}" was carried out and is still not in sync: ${open}`,
      {
        hint: 'something on the host undoes it, or does not take it',
      },
    );
    return { status: 'failed', changes, result, reason: error.message, error };
  }
  return { status: judged.changed ? 'changed' : 'ok', changes: judged.changed ? changes : [], result };
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
