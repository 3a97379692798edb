import { namesSetBy, type Task } from '../../config/playbook/model.ts';
import { messageOf, TaskFailedError, UnreachableError, type DroverError } from '../../core/errors.ts';
import { NotYetKnown } from '../../vars/scope.ts';
import type { Value } from '../../vars/value.ts';
import { nameOf, type Instance } from './instance.ts';
import type { Outcome, TaskStatus } from './outcome.ts';
import type { WalkOptions } from './strategy.ts';

/** Gathers the outcomes of a task's instances, registers the result, and says what became of it. */
export class TaskProgress {
  readonly #options: WalkOptions;
  readonly #task: Task;
  readonly #instances: readonly Instance[];
  readonly #isRescued: boolean;
  readonly #outcomes = new Map<Instance, Outcome>();

  constructor(options: WalkOptions, task: Task, instances: readonly Instance[], isRescued: boolean) {
    this.#options = options;
    this.#task = task;
    this.#instances = instances;
    this.#isRescued = isRescued;
  }

  markPending(): void {
    const names = namesSetBy(this.#task);
    if (names.length === 0) return;
    const reason = `the result of "${nameOf(this.#task, this.#options.scope(this.#task.vars))}" is not known yet`;
    const compute = () => {
      throw new NotYetKnown(reason);
    };
    for (const name of names) this.#options.registered.set(name, { compute });
  }

  skip(): void {
    this.#register({ changed: false, failed: false, skipped: true });
    this.#report('skipped');
  }

  cannotKnow(reason: string): void {
    this.markPending();
    this.#report('deferred', reason);
  }

  fail(error: DroverError): void {
    this.#report(this.#isRescued ? 'rescued' : 'failed', error.message, error.hint);
  }

  /** Takes an outcome in. Returns the task's failure, unless there is none or it is ignored. */
  settle(instance: Instance, outcome: Outcome): DroverError | undefined {
    this.#outcomes.set(instance, outcome);
    const facts = outcome.result?.['ansible_facts'];
    if (typeof facts === 'object' && facts !== null) {
      for (const [name, value] of Object.entries(facts)) {
        this.#options.registered.set(name, { value: value as Value });
      }
    }
    const stops = outcome.status === 'failed' && !this.#task.ignoreErrors;
    if (this.#outcomes.size < this.#instances.length && !stops) return undefined;
    return this.#finish();
  }

  #finish(): DroverError | undefined {
    const outcomes = [...this.#outcomes.values()];
    const failure = outcomes.find((outcome) => outcome.status === 'failed');
    const isRescued = this.#isRescued && !(failure?.error instanceof UnreachableError);
    const status = failure && isRescued ? 'rescued' : this.#statusOf(outcomes);
    if (outcomes.every((outcome) => outcome.result !== undefined)) this.#register(this.#result(outcomes));
    const shown = failure ?? outcomes.find((outcome) => outcome.reason !== undefined);
    this.#report(failure && this.#task.ignoreErrors ? 'ignored' : status, shown?.reason, shown?.hint);
    return failure && !this.#task.ignoreErrors ? this.#errorOf(failure) : undefined;
  }

  #errorOf({ error, reason, hint }: Outcome): DroverError {
    return (
      error ??
      new TaskFailedError(`${this.#options.host}: ${reason ?? 'failed'}`, hint === undefined ? {} : { hint })
    );
  }

  #statusOf(outcomes: readonly Outcome[]): TaskStatus {
    for (const status of ['failed', 'changed', 'deferred'] as const) {
      if (outcomes.some((outcome) => outcome.status === status)) return status;
    }
    return 'ok';
  }

  #result(outcomes: readonly Outcome[]): Record<string, unknown> {
    const results = outcomes.map((outcome) => ({
      changed: outcome.status === 'changed',
      ...outcome.result,
      failed: outcome.status === 'failed',
      skipped: false,
    }));
    if (!this.#task.loop) return results[0] ?? {};
    return {
      results,
      changed: results.some((result) => result.changed),
      failed: results.some((result) => result.failed),
      skipped: false,
    };
  }

  #register(result: Record<string, unknown>): void {
    const { register } = this.#task;
    if (register !== undefined) this.#options.registered.set(register, { value: result as Value });
  }

  #report(status: TaskStatus, reason?: string, hint?: string): void {
    const { host, play, strategy } = this.#options;
    strategy.report({
      host,
      play,
      task: this.#task,
      name: this.#instances[0]?.name ?? this.#name(),
      status,
      instances: [...this.#outcomes].map(([instance, outcome]) => ({ instance, outcome })),
      reason,
      hint,
    });
  }

  #name(): string {
    try {
      return nameOf(this.#task, this.#options.scope(this.#task.vars));
    } catch (error) {
      return messageOf(error);
    }
  }
}
