import { isDeepStrictEqual } from 'node:util';
import type { Task } from '../config/playbook/model.ts';
import type { BoundTask, ModuleContext } from '../modules/define-module.ts';

/** A task's parameters with what they were bound to. */
interface Binding {
  readonly params: Readonly<Record<string, unknown>>;
  readonly bound: BoundTask;
}

/**
 * Tasks with their parameters. Hosts that give a task the same ones share what it is bound to, and with that what it
 * comes to where they are in the same state: of a folder of files that is most of the work.
 */
export class Bindings {
  readonly #context: ModuleContext;
  /** What was bound last, by task and place in its loop. */
  readonly #last = new Map<Task, Map<number, Binding>>();

  constructor(context: ModuleContext) {
    this.#context = context;
  }

  /** Parses a task's parameters; throws a ZodError that names what is wrong. */
  bind(task: Task, place: number, params: Readonly<Record<string, unknown>>): BoundTask {
    const places = this.#last.get(task) ?? new Map<number, Binding>();
    this.#last.set(task, places);
    const last = places.get(place);
    if (last && isDeepStrictEqual(last.params, params)) return last.bound;
    const bound = task.module.bind(params, this.#context);
    places.set(place, { params, bound });
    return bound;
  }
}
