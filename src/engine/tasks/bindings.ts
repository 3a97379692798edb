import type { Task } from '../../config/playbook/model.ts';
import { memoize } from '../../core/memo.ts';
import type { BoundTask, ModuleContext } from '../../modules/define-module.ts';

type Params = Readonly<Record<string, unknown>>;

/**
 * Tasks with their parameters. Hosts that give a task the same ones share what it is bound to, and with that what it
 * comes to where they are in the same state: of a folder of files that is most of the work.
 */
export class Bindings {
  /** What was bound last, by task and place in its loop. */
  readonly #binderOf: (task: Task) => (place: number, params: Params) => BoundTask;

  constructor(context: ModuleContext) {
    this.#binderOf = memoize((task: Task) =>
      memoize((_place: number, params: Params) => task.module.bind(params, context)),
    );
  }

  /** Parses a task's parameters; throws a ZodError that names what is wrong. */
  bind(task: Task, place: number, params: Params): BoundTask {
    return this.#binderOf(task)(place, params);
  }
}
