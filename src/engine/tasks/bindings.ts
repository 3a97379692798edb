import type { Task } from '../../config/playbook/model.ts';
import type { BoundTask, ModuleContext } from '../../modules/define-module.ts';

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
    if (last && isSame(last.params, params)) return last.bound;
    const bound = task.module.bind(params, this.#context);
    places.set(place, { params, bound });
    return bound;
  }
}

/** Whether two hosts mean the same: the order of a map's names counts, templates go through them in it. */
function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const [mine, theirs] = [Object.entries(one), Object.entries(other)];
  return (
    Array.isArray(one) === Array.isArray(other) &&
    mine.length === theirs.length &&
    mine.every(([name, value], at) => theirs[at]?.[0] === name && isSame(value, theirs[at][1]))
  );
}
