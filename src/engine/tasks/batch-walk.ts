import { namesSetBy, tasksOf, type Play, type TaskOrBlock } from '../../config/playbook/model.ts';
import { NotYetKnown, type Layer, type LiveLayer, type Variable } from '../../vars/scope.ts';

/** What another host of the batch is still to set. */
export class Behind extends NotYetKnown {
  readonly host: string;
  /** Of the task that sets it. */
  readonly place: number;

  constructor(host: string, name: string, place: number) {
    super(`${host} has not come to the task that sets ${name}`);
    this.host = host;
    this.place = place;
  }
}

/** The tasks of a play in the order they stand, and which of them set a name. */
interface Order {
  readonly places: ReadonlyMap<number, number>;
  readonly setters: ReadonlyMap<string, readonly number[]>;
}

const orders = new WeakMap<readonly TaskOrBlock[], Order>();

function orderOf({ tasks }: Pick<Play, 'tasks'>): Order {
  const known = orders.get(tasks);
  if (known) return known;
  const places = new Map<number, number>();
  const setters = new Map<string, number[]>();
  for (const task of tasksOf(tasks)) {
    const place = places.size;
    places.set(task.id, place);
    for (const name of namesSetBy(task)) setters.set(name, [...(setters.get(name) ?? []), place]);
  }
  const order = { places, setters };
  orders.set(tasks, order);
  return order;
}

/**
 * The hosts of a batch on their way through a play, each at its own pace. A `run_once` task is done by the first of the
 * batch that is still to come to it, and the others wait for that. Of another host's results each finds what it would if
 * all had done the tasks before, as in Ansible.
 */
export class BatchWalk {
  readonly #order: Order;
  /** Of those still walking, in the order of the batch: all tasks before this place are settled. */
  readonly #places: Map<string, number>;
  /** By task that is run once, what it has registered and set. */
  readonly #done = new Map<number, Layer>();
  readonly #waiting = new Set<string>();
  /** Told how many wait for another's results, each time that changes. */
  readonly #tellWaiting: (count: number) => void;
  /** Resolves when a task was done once, or a host has got on, has ended, or waits. */
  #changed = Promise.resolve();
  #notify: () => void = () => undefined;

  constructor(
    play: Pick<Play, 'tasks'>,
    hosts: Iterable<string>,
    tellWaiting: (count: number) => void = () => undefined,
  ) {
    this.#order = orderOf(play);
    this.#places = new Map([...hosts].map((host) => [host, 0]));
    this.#tellWaiting = tellWaiting;
    this.#renew();
  }

  /** `mine` for the host that is to run a task once; for the others what it has registered and set, once it is done. */
  async claim(task: number, host: string, beforeWaiting: () => Promise<void>): Promise<'mine' | Layer> {
    const place = this.#placeOf(task);
    for (;;) {
      const done = this.#done.get(task);
      if (done) return done;
      const [first] = [...this.#places].find(([, at]) => at <= place) ?? [];
      if (first === host) return 'mine';
      const changed = this.#changed;
      await beforeWaiting();
      await changed;
    }
  }

  fulfil(task: number, names: Layer): void {
    this.#done.set(task, names);
    this.#renew();
  }

  /** A host has settled all tasks before this one. */
  arrive(host: string, task: number): void {
    const place = this.#placeOf(task);
    if (this.#places.get(host) === place) return;
    this.#places.set(host, place);
    this.#renew();
  }

  /** A host's walk has ended: what it has not done once is the next one's, and what it has not set nobody waits for. */
  abandon(host: string): void {
    this.#places.delete(host);
    this.#renew();
  }

  /** A host's results as a task of another finds them: throws Behind where they are not there yet. */
  resultsOf(host: string, task: number, results: LiveLayer): LiveLayer {
    if (this.#order.setters.size === 0) return results;
    const place = this.#placeOf(task);
    const find = (name: string): Variable | undefined => {
      const setter = this.#order.setters.get(name)?.findLast((each) => each < place);
      if (setter !== undefined && this.#isBefore(host, setter)) throw new Behind(host, name, setter);
      return results.get(name);
    };
    return {
      get: find,
      has: (name) => find(name) !== undefined,
      keys: () => results.keys(),
      get size() {
        return results.size;
      },
    };
  }

  /** Waits until another host has done what this one needs, or has ended. */
  async pass(host: string, { host: other, place }: Behind): Promise<void> {
    this.#wait(host, true);
    while (this.#isBefore(other, place)) await this.#changed;
    this.#wait(host, false);
  }

  /** Waits until a host's walk has ended, or waits for another's. */
  async rest(host: string): Promise<void> {
    while (this.#places.has(host) && !this.#waiting.has(host)) await this.#changed;
  }

  /** One that is in no list of the play, as in tests, is before all others. */
  #placeOf(task: number): number {
    return this.#order.places.get(task) ?? 0;
  }

  #isBefore(host: string, place: number): boolean {
    return (this.#places.get(host) ?? Infinity) <= place;
  }

  #wait(host: string, waits: boolean): void {
    if (waits) this.#waiting.add(host);
    else this.#waiting.delete(host);
    this.#tellWaiting(this.#waiting.size);
    this.#renew();
  }

  #renew(): void {
    this.#notify();
    this.#changed = new Promise((resolve) => (this.#notify = resolve));
  }
}
