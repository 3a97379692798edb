import { until, type Look } from '../../core/until.ts';
import { isApiKind } from '../../facts/api.ts';
import type { Need } from '../../facts/need.ts';
import type { PlannedChange } from '../../modules/define-module.ts';
import type { Change } from '../../plan/change.ts';
import type { ApplyOptions } from './apply-options.ts';
import type { HostRun } from '../hosts/host-run.ts';
import type { Instance } from '../tasks/instance.ts';
import { worthKnowing } from '../planning/interests.ts';
import {
  askAgainEvery,
  awaited,
  isFinal,
  mayPass,
  outcomeOf,
  outcomeWithoutChanges,
  silenceWithin,
} from '../tasks/judge.ts';
import { perform } from './perform.ts';
import { tripEvent } from '../tasks/shown-events.ts';
import type { Outcome, ChangeOutput } from '../tasks/outcome.ts';

// Steps of one change that is carried out piece by piece.
const largestStepCount = 20;

/** Carries out one task by itself, with its facts read freshly; step by step or retried where it says so. */
export class Unqueued {
  readonly #host: HostRun;
  readonly #options: ApplyOptions;

  constructor(host: HostRun, options: ApplyOptions) {
    this.#host = host;
    this.#options = options;
  }

  async run(instance: Instance): Promise<Outcome> {
    const { until: condition, retries, delay } = instance.task;
    const { checkpoint, signal, clock, emit, fleet } = this.#options;
    if (instance.delegateTo !== undefined) await fleet.connect([instance.delegateTo]);
    const patience = condition
      ? { within: Infinity, looks: retries + 1, every: delay * 1000 }
      : { within: silenceWithin, every: askAgainEvery };
    let outcome: Outcome | undefined;
    const { looks, seconds } = await until(
      async (number) => {
        checkpoint();
        if (number > 1 && !condition) fleet.epoch++;
        const host = fleet.get(instance.delegateTo ?? instance.host);
        outcome = await host.exclusively(() => this.#once(instance));
        if (condition) outcome = withAttempts(outcome, number);
        return this.#judge(instance, outcome, number);
      },
      { ...patience, signal, checkpoint, clock },
    );
    if (!outcome) throw new Error(`"${instance.name}" was not run`);
    if (looks > 1) emit({ type: 'wait', host: instance.host, what: instance.name, seconds });
    // What has come meanwhile, maybe since the plan, may show in answers to others, too.
    if (condition) fleet.epoch++;
    const come = condition ? awaited(instance, outcome) : true;
    if (typeof come === 'object') return come;
    if (come) return outcome;
    // Those after the first are what Ansible registers then.
    const last = withAttempts(outcome, retries);
    if (last.status === 'failed') return last;
    const result = { ...last.result, changed: last.status === 'changed' };
    return { ...last, result, status: 'failed', reason: `until did not hold after ${looks} attempts` };
  }

  /** Whether a task is to be tried again: until its condition holds, or because what was silent may be about to answer. */
  #judge(instance: Instance, outcome: Outcome, number: number): Look<true> {
    const { until: condition, ignoreErrors } = instance.task;
    if (condition)
      return awaited(instance, outcome) !== false || isFinal(outcome)
        ? { done: true }
        : { missing: 'what it is retried for' };
    if (ignoreErrors || outcome.changes.length > 0 || !mayPass(outcome)) return { done: true };
    if (number === 1) this.#reportSilence(instance, outcome);
    return { missing: 'an answer' };
  }

  #reportSilence({ host, name, task }: Instance, { reason = '' }: Outcome): void {
    const { emit, context } = this.#options;
    emit({ type: 'api', host, what: name, state: task.noLog ? 'no answer' : context.redact(reason) });
  }

  async #once(instance: Instance): Promise<Outcome> {
    const { fleet, context, emit, interests } = this.#options;
    await this.#readAll(instance);
    const made: Change[] = [];
    let output: ChangeOutput = { status: 0, stdout: '', stderr: '' };
    for (let step = 0; step < largestStepCount; step++) {
      const verdict = instance.diff((need) => fleet.recordsOf(need, instance.host));
      if (verdict.state === 'in-sync' && made.length > 0) return outcomeOf(instance, made, output, fleet);
      if (verdict.state !== 'changes') return { ...outcomeWithoutChanges(instance, verdict), changes: made };
      if (step === 0) await this.#options.consent(instance, verdict.changes);
      const planned = instance.task.module.stepwise ? verdict.changes.slice(0, 1) : verdict.changes;
      for (const change of planned) {
        this.#options.started(instance);
        const sent = performance.now();
        const prepared = instance.task.module.prepare(change, context);
        const isWhole = isAllOrNothing(prepared);
        if (!isWhole) this.#options.begun(instance, change);
        const entry = this.#options.journaled(instance, change);
        output = await perform(instance, prepared.operations, this.#options, entry);
        if (isWhole && output.status === 0) this.#options.begun(instance, change);
        emit(tripEvent(this.#host.name, sent, [{ instance }]));
        fleet.changed(instance.host, ...(instance.delegateTo === undefined ? [] : [instance.delegateTo]));
        if (output.status !== 0) return outcomeOf(instance, made, output);
        made.push(change);
        this.#options.changed(instance, change);
      }
      await this.#readAll(instance, worthKnowing(interests, this.#host.name, [instance]));
      if (!instance.task.module.stepwise) return outcomeOf(instance, made, output, fleet);
    }
    return {
      status: 'failed',
      changes: made,
      result: {},
      reason: `not done after ${largestStepCount} steps`,
    };
  }

  /** Collects all needs of an instance afresh, its own host's, other hosts' and APIs', and more of its own host. */
  async #readAll(instance: Instance, more: readonly Need<unknown>[] = []): Promise<void> {
    const { fleet } = this.#options;
    const { host } = instance;
    const isOwn = (need: Need<unknown>) =>
      !isApiKind(need.kind) && (need.host === undefined || need.host === host);
    const own = [...instance.needs.filter(isOwn), ...more];
    const remote = instance.needs.filter(
      (need) => !isOwn(need) && (instance.task.until ?? !fleet.isFresh(need, host)),
    );
    await Promise.all([
      ...(own.length === 0 ? [] : [fleet.collect(this.#host, own)]),
      fleet.readRemote(remote.map((need) => ({ need, host }))),
    ]);
  }
}

function withAttempts(outcome: Outcome, attempts: number): Outcome {
  return outcome.result ? { ...outcome, result: { ...outcome.result, attempts } } : outcome;
}

/** Whether the change, when it fails, was not made in part either. */
export function isAllOrNothing({ operations }: PlannedChange): boolean {
  return operations.every((each) => each.kind === 'run' && each.allOrNothing);
}
