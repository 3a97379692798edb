import { namesSetBy, type Block, type Play, type Step, type Task } from '../../config/playbook/model.ts';
import {
  DroverError,
  InvalidInputError,
  messageOf,
  TaskFailedError,
  UnreachableError,
} from '../../core/errors.ts';
import type { Change, Note } from '../../plan/change.ts';
import { NotYetKnown, type Layer, type Scope, type Variable } from '../../vars/scope.ts';
import { TemplateError } from '../../vars/template.ts';
import type { Value } from '../../vars/value.ts';
import type { Bindings } from './bindings.ts';
import type { taskStatuses } from '../events.ts';
import { bindTask, conditionsHold, expandLoop, nameOf, type Instance } from './instance.ts';
import type { OnceForAll } from './run-once.ts';

type TaskStatus = (typeof taskStatuses)[number];

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

/** What a walk does with the tasks it comes to: plan them, or carry them out. */
export interface Strategy {
  /** Takes an instance in. `settle` is called once, now or at a later `flush`. May throw what `settle` threw. */
  submit(instance: Instance, settle: (outcome: Outcome) => void): Promise<void>;
  /** Settles everything taken in; the reason is for people. */
  flush(reason: string): Promise<void>;
  /** Takes note of a task of which it is not known yet what it comes to. */
  leaveOpen?(task: Task, walk: WalkOptions, reason: string): void;
  /** Whether something taken in is not settled. */
  readonly pending: boolean;
  /** Says what became of a task. */
  report(task: TaskReport): void;
}

export interface TaskReport {
  readonly host: string;
  readonly play: Play;
  readonly task: Task;
  readonly name: string;
  readonly status: TaskStatus;
  readonly instances: readonly { readonly instance: Instance; readonly outcome: Outcome }[];
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

export interface WalkOptions {
  readonly host: string;
  readonly play: Play;
  readonly strategy: Strategy;
  readonly bindings: Bindings;
  readonly once: OnceForAll;
  /** The host's results and set_facts, which the walk adds to. */
  readonly registered: Map<string, Variable>;
  scope(task: Layer): Scope;
  /** What a task came to before, where nothing that it looked at has changed since; else what it comes to now. */
  recall(task: Task, work: () => Instance[]): Instance[];
  selects(task: Task): boolean;
  /** Throws when the run is to stop. */
  checkpoint(): void;
}

/** Goes through a play's tasks on one host, in order: conditions, loops, blocks, results. */
export class Walker {
  readonly #options: WalkOptions;
  /** How many of the blocks around this point have a rescue. */
  #rescues = 0;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  async walk(): Promise<void> {
    await this.#steps(this.#options.play.steps);
    await this.#options.strategy.flush('the play ends');
  }

  async #steps(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await (step.kind === 'task' ? this.#task(step) : this.#block(step));
  }

  /** Failures must surface in the block they belong to, so nothing may be pending at its borders. */
  async #block({ tasks, rescue, always }: Block): Promise<void> {
    const { strategy } = this.#options;
    await strategy.flush('a block begins');
    try {
      try {
        await this.#rescuable(rescue.length > 0, async () => {
          await this.#steps(tasks);
          await strategy.flush('a block ends');
        });
      } catch (error) {
        if (!(error instanceof HostFailed) || error.error instanceof UnreachableError || rescue.length === 0)
          throw error;
        await this.#steps(rescue);
        await strategy.flush('a block’s rescue ends');
      }
    } finally {
      await this.#steps(always);
      await strategy.flush('a block ends');
    }
  }

  async #rescuable(isRescued: boolean, work: () => Promise<void>): Promise<void> {
    if (isRescued) this.#rescues++;
    try {
      await work();
    } finally {
      if (isRescued) this.#rescues--;
    }
  }

  async #task(task: Task): Promise<void> {
    const { strategy, once, host, registered } = this.#options;
    if (!this.#options.selects(task)) return;
    this.#options.checkpoint();
    if (!task.runOnce) return this.#run(task);
    const shared = await once.claim(task.id, host, () =>
      strategy.flush('another host does what is run once'),
    );
    if (shared === 'mine') {
      await this.#run(task);
      await strategy.flush('a task that is run once ends');
      once.fulfil(task.id, task.register === undefined ? undefined : registered.get(task.register));
    } else if (task.register !== undefined && shared.result) {
      registered.set(task.register, shared.result);
    }
  }

  async #run(task: Task): Promise<void> {
    const { strategy } = this.#options;
    let instances: Instance[] | undefined;
    try {
      instances = await this.#evaluate(task);
    } catch (error) {
      await this.#refuseEvaluation(task, error);
      return;
    }
    const report = new TaskProgress(this.#options, task, instances, this.#rescues > 0);
    if (instances.length === 0) {
      report.skip();
      return;
    }
    report.markPending();
    for (const instance of instances) {
      await strategy.submit(instance, (outcome) => report.settle(instance, outcome));
    }
  }

  /** The task's instances; what they depend on and is still under way is waited for. */
  async #evaluate(task: Task): Promise<Instance[]> {
    const { strategy } = this.#options;
    let reason: string;
    try {
      return this.#instances(task);
    } catch (error) {
      if (!(error instanceof NotYetKnown) || !strategy.pending) throw error;
      reason = error.reason;
    }
    await strategy.flush(reason);
    return this.#instances(task);
  }

  #instances(task: Task): Instance[] {
    // Conditions on the result are evaluated later, with variables as they are then.
    const isJudged = task.until ?? task.failedWhen ?? task.changedWhen;
    return isJudged ? this.#bind(task) : this.#options.recall(task, () => this.#bind(task));
  }

  #bind(task: Task): Instance[] {
    const { host, play, bindings } = this.#options;
    const scope = this.#options.scope(task.vars);
    // A condition that does not need the item spares rendering the loop.
    if (!task.loop && !conditionsHold(task.when, scope)) return [];
    return expandLoop(task, scope)
      .filter((item) => conditionsHold(task.when, item.scope))
      .map((item) => bindTask(task, host, item, play, bindings));
  }

  async #refuseEvaluation(task: Task, error: unknown): Promise<void> {
    const progress = new TaskProgress(this.#options, task, [], this.#rescues > 0);
    if (error instanceof NotYetKnown) {
      progress.cannotKnow(error.reason);
      this.#options.strategy.leaveOpen?.(task, this.#options, error.reason);
      return;
    }
    await this.#options.strategy.flush('the next task cannot be read');
    const { host } = this.#options;
    if (error instanceof TemplateError) {
      progress.fail(new InvalidInputError([{ ...error.diagnostic, hosts: [host] }]));
    } else if (error instanceof InvalidInputError) progress.fail(error);
    else throw error;
  }
}

/** Gathers the outcomes of a task's instances, registers the result, and says what became of it. */
class TaskProgress {
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
    throw new HostFailed(error);
  }

  settle(instance: Instance, outcome: Outcome): void {
    this.#outcomes.set(instance, outcome);
    const facts = outcome.result?.['ansible_facts'];
    if (typeof facts === 'object' && facts !== null) {
      for (const [name, value] of Object.entries(facts)) {
        this.#options.registered.set(name, { value: value as Value });
      }
    }
    const stops = outcome.status === 'failed' && !this.#task.ignoreErrors;
    if (this.#outcomes.size < this.#instances.length && !stops) return;
    this.#finish();
  }

  #finish(): void {
    const outcomes = [...this.#outcomes.values()];
    const failure = outcomes.find((outcome) => outcome.status === 'failed');
    const isRescued = this.#isRescued && !(failure?.error instanceof UnreachableError);
    const status = failure && isRescued ? 'rescued' : this.#statusOf(outcomes);
    if (outcomes.every((outcome) => outcome.result !== undefined)) this.#register(this.#result(outcomes));
    const told = failure ?? outcomes.find((outcome) => outcome.reason !== undefined);
    this.#report(failure && this.#task.ignoreErrors ? 'ignored' : status, told?.reason, told?.hint);
    if (failure && !this.#task.ignoreErrors) {
      throw new HostFailed(
        failure.error ??
          new TaskFailedError(`${this.#options.host}: ${failure.reason ?? 'failed'}`, {
            ...(failure.hint === undefined ? {} : { hint: failure.hint }),
          }),
      );
    }
  }

  #statusOf(outcomes: readonly Outcome[]): TaskStatus {
    for (const status of ['failed', 'changed', 'deferred'] as const) {
      if (outcomes.some((outcome) => outcome.status === status)) return status;
    }
    return 'ok';
  }

  #result(outcomes: readonly Outcome[]): Record<string, unknown> {
    const results = outcomes.map((outcome) => ({
      ...outcome.result,
      changed: outcome.status === 'changed',
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
