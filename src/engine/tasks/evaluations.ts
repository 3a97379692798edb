import type { RunVariables } from '../../config/host-variables.ts';
import type { LiveLayer, Variable } from '../../vars/scope.ts';
import type { Value } from '../../vars/value.ts';

/** Whether something that was looked up would be found the same again. */
type Check = () => boolean;

interface Kept<T> {
  readonly value: T;
  readonly checks: readonly Check[];
}

/**
 * What tasks came to on each host. A run evaluates a task several times: to see what to collect, to plan, to carry it
 * out. Most come to the same each time, as they look at nothing that the run adds. This is none of core/memo.ts: what a
 * task looks at is known only once it was evaluated, so that a value is given up when something it looked up is another.
 */
export class Evaluations<T> {
  readonly #kept = new Map<string, Kept<T>>();
  /** Of what is being evaluated. */
  #checks: Check[] | undefined;

  /** What the work gave when it was last done, unless something that it looked up is another by now. */
  recall(key: string, work: () => T): T {
    const kept = this.#kept.get(key);
    if (kept?.checks.every((isSame) => isSame())) return kept.value;
    const checks: Check[] = [];
    this.#checks = checks;
    try {
      const value = work();
      this.#kept.set(key, { value, checks });
      return value;
    } finally {
      this.#checks = undefined;
    }
  }

  /** The same variables; what is looked up in them is noted. */
  watch({ registered, secrets, ...own }: RunVariables): RunVariables {
    const facts = () => own.facts();
    const note = (check: Check) => this.#checks?.push(check);
    return {
      facts: () => {
        const found = known(facts);
        note(() => found !== undefined && known(facts) === found);
        return found ?? facts();
      },
      registered: new NotedLayer(registered, note),
      secrets: new NotedLayer(secrets, note),
    };
  }
}

function known(facts: () => Value): Value | undefined {
  try {
    return facts();
  } catch {
    return undefined;
  }
}

/** A layer that tells what is looked up in it. */
class NotedLayer implements LiveLayer {
  readonly #layer: LiveLayer;
  readonly #note: (check: Check) => void;

  constructor(layer: LiveLayer, note: (check: Check) => void) {
    this.#layer = layer;
    this.#note = note;
  }

  get size(): number {
    return this.#layer.size;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  get(name: string): Variable | undefined {
    const found = this.#layer.get(name);
    this.#note(() => this.#layer.get(name) === found);
    return found;
  }

  keys(): ReturnType<LiveLayer['keys']> {
    this.#note(() => false);
    return this.#layer.keys();
  }
}
