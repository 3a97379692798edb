import { namesSetBy, type Task } from '../../config/playbook/model.ts';
import { messageOf, TaskFailedError, UnreachableError, type DroverError } from '../../core/errors.ts';
import { NotYetKnown } from '../../vars/scope.ts';
import type { Value } from '../../vars/value.ts';
import { nameOf, type Bound, type Instance } from './instance.ts';
import { withoutWords, type Outcome, type TaskStatus } from './outcome.ts';
import type { WalkOptions } from './strategy.ts';

const skipped = { changed: false, failed: false, skipped: true };

/** Gathers the outcomes of a task's instances, registers the result, and says what became of it. */
export class TaskProgress {
  readonly #options: WalkOptions;
  readonly #task: Task;
  readonly #bound: readonly Bound[];
  readonly #isRescued: boolean;
  readonly #outcomes = new Map<Instance, Outcome>();
  readonly instances: readonly Instance[];

  constructor(options: WalkOptions, task: Task, bound: readonly Bound[], isRescued: boolean) {
    this.#options = options;
    this.#task = task;
    this.#bound = bound;
    this.#isRescued = isRescued;
    this.instances = bound.flatMap(({ instance }) => instance ?? []);
  }

  /** Whether an instance has failed so that the task will. */
  get hasFailed(): boolean {
    return !this.#task.ignoreErrors && [...this.#outcomes.values()].some(({ status }) => status === 'failed');
  }

  markPending(): void {
    const names = namesSetBy(this.#task);
    if (names.length === 0) return;
    const reason = `the result of "${this.#name()}" is not known yet`;
    const compute = () => {
      throw new NotYetKnown(reason);
    };
    for (const name of names) this.#options.registered.set(name, { compute });
  }

  skip(): void {
    this.#register(this.#result());
    this.#report('skipped');
  }

  cannotKnow(reason: string): void {
    this.markPending();
    this.#report('deferred', reason);
  }

  /** Reports that it cannot be evaluated. Returns what may be told of that. */
  fail(error: DroverError): DroverError {
    this.#report(this.#isRescued ? 'rescued' : 'failed', error.message, error.hint);
    return this.#task.noLog ? withoutWords(error, this.#options.host) : error;
  }

  /** Takes an outcome in. Returns the task's failure, unless there is none or it is ignored. */
  settle(instance: Instance, settled: Outcome): DroverError | undefined {
    const outcome = this.#shown(settled);
    this.#outcomes.set(instance, outcome);
    const facts = outcome.result?.['ansible_facts'];
    if (typeof facts === 'object' && facts !== null) {
      for (const [name, value] of Object.entries(facts)) {
        this.#options.registered.set(name, { value: value as Value });
      }
    }
    const isLost = outcome.error instanceof UnreachableError && !this.#task.ignoreErrors;
    if (this.#outcomes.size < this.instances.length && !isLost) return undefined;
    return this.#finish();
  }

  /** With an error that may be told. */
  #shown(outcome: Outcome): Outcome {
    const { error } = outcome;
    return error && this.#task.noLog
      ? { ...outcome, error: withoutWords(error, this.#options.host) }
      : outcome;
  }

  #finish(): DroverError | undefined {
    const outcomes = [...this.#outcomes.values()];
    const failure = this.#failure();
    const isRescued = this.#isRescued && !(failure?.error instanceof UnreachableError);
    const status = failure && isRescued ? 'rescued' : this.#statusOf(outcomes);
    if (outcomes.every((outcome) => outcome.result !== undefined)) this.#register(this.#result());
    const shown = failure ?? outcomes.find((outcome) => outcome.reason !== undefined);
    this.#report(failure && this.#task.ignoreErrors ? 'ignored' : status, shown?.reason, shown?.hint);
    return failure && !this.#task.ignoreErrors ? this.#errorOf(failure) : undefined;
  }

  #errorOf({ error, reason, hint }: Outcome): DroverError {
    const { host } = this.#options;
    if (error) return error;
    const failure = new TaskFailedError(`${host}: ${reason ?? 'failed'}`, hint === undefined ? {} : { hint });
    return this.#task.noLog ? withoutWords(failure, host) : failure;
  }

  #statusOf(outcomes: readonly Outcome[]): TaskStatus {
    for (const status of ['failed', 'changed', 'deferred'] as const) {
      if (outcomes.some((outcome) => outcome.status === status)) return status;
    }
    return 'ok';
  }

  /** The first failure; of a loop with all items that have failed. */
  #failure(): Outcome | undefined {
    const failed = [...this.#outcomes].filter(([, { status }]) => status === 'failed');
    const [first] = failed;
    if (!first) return undefined;
    const [, outcome] = first;
    // What is hidden is neither to be told by the items.
    if (failed.length < 2 || this.#task.noLog) return outcome;
    const reasons = failed.map(([{ label = '' }, { reason = 'failed' }]) => `[${label}] ${reason}`);
    return { ...outcome, reason: reasons.join('; ') };
  }

  /** What is registered, as Ansible has it: of a loop all items, those that were skipped included. */
  #result(): Record<string, unknown> {
    const results = this.#bound.map(({ instance }) => this.#resultOf(instance));
    if (!this.#task.loop) return results[0] ?? skipped;
    const { loopVariable: name } = this.#task;
    const own = results.map((result, place) => ({
      ...result,
      [name]: this.#bound[place]?.item.item,
      ansible_loop_var: name,
    }));
    return {
      results: own,
      changed: results.some((result) => result['changed']),
      failed: results.some((result) => result['failed']),
      skipped: results.every((result) => result['skipped']),
    };
  }

  #resultOf(instance: Instance | undefined): Record<string, unknown> {
    const outcome = instance && this.#outcomes.get(instance);
    if (!outcome) return skipped;
    return {
      changed: outcome.status === 'changed',
      ...outcome.result,
      failed: outcome.status === 'failed',
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
      name: this.instances[0]?.name ?? this.#name(),
      status,
      instances: [...this.#outcomes].map(([instance, outcome]) => ({ instance, outcome })),
      reason,
      hint,
    });
  }

  #name(): string {
    try {
      return this.#options.redact(nameOf(this.#task, this.#options.scope(this.#task)));
    } catch (error) {
      return messageOf(error);
    }
  }
}
