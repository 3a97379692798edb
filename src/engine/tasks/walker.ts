// A play's tasks on one host: the way through them, their rendering, their outcome. Planning and applying share it.
import {
  namesSetBy,
  type Block,
  type Condition,
  type Include,
  type TaskOrBlock,
  type Task,
} from '../../config/playbook/model.ts';
import { InvalidInputError, UnreachableError } from '../../core/errors.ts';
import { NotYetKnown, type Scope } from '../../vars/scope.ts';
import { TemplateError } from '../../vars/template.ts';
import { Behind } from './batch-walk.ts';
import {
  bindTask,
  conditionsHold,
  expandLoop,
  type Bound,
  type Instance,
  type LoopItem,
} from './instance.ts';
import { HostFailed } from './outcome.ts';
import { TaskProgress } from './progress.ts';
import type { Settling, WalkOptions } from './strategy.ts';

/** What became of a task's conditions: they hold, they do not, or they cannot be known yet. */
type Taken = 'done' | 'left out' | { readonly reason: string };

/** Goes through a play's tasks on one host, in order: conditions, loops, blocks, results. */
export class Walker {
  readonly #options: WalkOptions;
  /** Tasks of which outcomes are awaited, by instance, in the order of submission. */
  readonly #underWay = new Map<Instance, TaskProgress>();
  /** Why it is not known yet whether the tasks around this point are taken in. */
  #open: string | undefined;
  /** The task it has come to. */
  #current: Task | undefined;
  /** How many of the blocks around this point have a rescue. */
  #rescues = 0;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  async walk(): Promise<void> {
    await this.#steps(this.#options.play.tasks);
    await this.#flush('the play ends');
  }

  async #steps(steps: readonly TaskOrBlock[]): Promise<void> {
    for (const step of steps) await this.#step(step);
  }

  #step(step: TaskOrBlock): Promise<unknown> {
    switch (step.kind) {
      case 'task':
        return this.#task(step);
      case 'include':
        return this.#include(step);
      case 'block':
        return this.#block(step);
    }
  }

  async #include({ task, tasks }: Include): Promise<void> {
    const outer = this.#open;
    const taken = await this.#task(task);
    if (taken === 'left out') return;
    // Whether its tasks are taken in is not known yet: so is what they will do.
    if (taken !== 'done') this.#open ??= taken.reason;
    await this.#steps(tasks);
    this.#open = outer;
  }

  /** Failures must surface in the block they belong to, so nothing may be pending at its borders. */
  async #block({ tasks, rescue, always }: Block): Promise<void> {
    await this.#flush('a block begins');
    try {
      try {
        await this.#rescuable(rescue.length > 0, async () => {
          await this.#steps(tasks);
          await this.#flush('a block ends');
        });
      } catch (error) {
        if (!(error instanceof HostFailed) || error.error instanceof UnreachableError || rescue.length === 0)
          throw error;
        await this.#steps(rescue);
        await this.#flush('a block’s rescue ends');
      }
    } finally {
      await this.#steps(always);
      await this.#flush('a block ends');
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

  async #task(task: Task): Promise<Taken> {
    const { together, host, registered } = this.#options;
    if (!this.#options.selects(task)) return 'left out';
    this.#options.checkpoint();
    this.#current = task;
    this.#tellPosition();
    if (!task.runOnce || task.module.name === 'include_tasks') return this.#run(task);
    const shared = await together.claim(task.id, host, () =>
      this.#flush('another host does what is run once'),
    );
    if (shared === 'mine') {
      const names = namesSetBy(task);
      const former = new Map(names.map((name) => [name, registered.get(name)]));
      await this.#run(task);
      await this.#flush('a task that is run once ends');
      const all = names.flatMap((name) => {
        const variable = registered.get(name);
        return variable && variable !== former.get(name) ? [[name, variable] as const] : [];
      });
      together.fulfil(task.id, new Map(all));
    } else {
      for (const [name, variable] of shared) registered.set(name, variable);
    }
    return 'done';
  }

  async #run(task: Task): Promise<Taken> {
    const { strategy } = this.#options;
    let bound: Bound[] | undefined;
    try {
      if (this.#open !== undefined) throw new NotYetKnown(this.#open);
      bound = await this.#evaluate(task);
    } catch (error) {
      return this.#refuseEvaluation(task, error);
    }
    const progress = new TaskProgress(this.#options, task, bound, this.#rescues > 0);
    const { instances } = progress;
    if (instances.length === 0) {
      progress.skip();
      return 'left out';
    }
    if (this.#setsAnew(task)) await this.#flush('it sets a name anew');
    progress.markPending();
    for (const instance of instances) {
      this.#underWay.set(instance, progress);
      await this.#settle(strategy.submit(instance));
      // What was under way before may have set the same name meanwhile.
      if (this.#underWay.has(instance)) progress.markPending();
    }
    // The other items of its loop are done before the failure ends the host's part of the play.
    if (progress.hasFailed) await this.#flush('an item of a loop has failed');
    return 'done';
  }

  /** Whether conditions of what is under way look at a name that the task sets, as it is before that. */
  #setsAnew(task: Task): boolean {
    const isJudged = ({ task: { changedWhen, failedWhen } }: Instance) => changedWhen ?? failedWhen;
    return (
      namesSetBy(task).some((name) => this.#options.registered.has(name)) &&
      [...this.#underWay.keys()].some(isJudged)
    );
  }

  #flush(reason: string): Promise<void> {
    return this.#settle(this.#options.strategy.flush(reason));
  }

  /** Hands outcomes to the tasks they belong to. The first that fails for good ends the host's part of the play. */
  async #settle(settling: Settling): Promise<void> {
    for await (const { instance, outcome } of settling) {
      const progress = this.#underWay.get(instance);
      if (!progress) throw new Error(`"${instance.name}" has an outcome, and is not under way`);
      const failure = progress.settle(instance, outcome);
      if (failure) {
        this.#dropFrom(instance);
        throw new HostFailed(failure);
      }
      this.#underWay.delete(instance);
    }
    this.#tellPosition();
  }

  /** All before the first task under way are settled, or before the one it is at. */
  #tellPosition(): void {
    const { host, together } = this.#options;
    const [first] = this.#underWay.keys();
    const task = first?.task ?? this.#current;
    if (task) together.arrive(host, task.id);
  }

  /** What was submitted after the failed instance is not done; what was submitted before it may still be. */
  #dropFrom(failed: Instance): void {
    const submitted = [...this.#underWay.keys()];
    for (const instance of submitted.slice(submitted.indexOf(failed))) this.#underWay.delete(instance);
  }

  /** The task's items with their instances; what they depend on and is still under way is waited for. */
  async #evaluate(task: Task): Promise<Bound[]> {
    const { host, strategy, together } = this.#options;
    for (;;) {
      try {
        return this.#bound(task);
      } catch (error) {
        const isBehind = error instanceof Behind;
        if (!isBehind && !(error instanceof NotYetKnown && strategy.pending)) throw error;
        await this.#flush(error.reason);
        if (isBehind) await together.pass(host, error);
      }
    }
  }

  #bound(task: Task): Bound[] {
    // Conditions on the result are evaluated later, with variables as they are then.
    const isJudged = task.until ?? task.failedWhen ?? task.changedWhen;
    return isJudged ? this.#bind(task) : this.#options.recall(task, () => this.#bind(task));
  }

  #bind(task: Task): Bound[] {
    const scope = this.#options.scope(task);
    return itemsOf(task, scope).map((item) => ({
      item,
      instance: conditionsHold(task.when, item.scope) ? bindTask(task, item, this.#options) : undefined,
    }));
  }

  async #refuseEvaluation(task: Task, error: unknown): Promise<Taken> {
    const progress = new TaskProgress(this.#options, task, [], this.#rescues > 0);
    if (error instanceof NotYetKnown) {
      progress.cannotKnow(error.reason);
      this.#options.strategy.leaveOpen?.(task, this.#options, error.reason);
      return { reason: error.reason };
    }
    await this.#flush('the next task cannot be read');
    const { host } = this.#options;
    const failure =
      error instanceof TemplateError
        ? new InvalidInputError([{ ...error.diagnostic, hosts: [host] }])
        : error;
    if (!(failure instanceof InvalidInputError)) throw error;
    throw new HostFailed(progress.fail(failure));
  }
}

/** A task's items. As in Ansible a loop that cannot be evaluated counts only where the conditions hold without it. */
function itemsOf(task: Task, scope: Scope): LoopItem[] {
  try {
    return expandLoop(task, scope);
  } catch (error) {
    if (!(error instanceof TemplateError) || !failsToHold(task.when, scope)) throw error;
    return [];
  }
}

function failsToHold(conditions: readonly Condition[], scope: Scope): boolean {
  try {
    return !conditionsHold(conditions, scope);
  } catch (error) {
    if (error instanceof TemplateError) return false;
    throw error;
  }
}
