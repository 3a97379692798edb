import { InvalidInputError, UnhealthyError, type DroverError } from '../core/errors.ts';
import type { Verdict } from '../plan/change.ts';
import { conditionsHold, type Instance } from './instance.ts';
import type { Outcome } from './walker.ts';

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

/** What `failed_when` and `changed_when` make of a result. */
export function judge(
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
    (outcome.status === 'failed' && !instance.task.module.readable)
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
