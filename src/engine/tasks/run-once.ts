import type { Variable } from '../../vars/scope.ts';

/** What a `run_once` task has registered. */
interface Done {
  readonly result: Variable | undefined;
}

/**
 * Sees to it that a `run_once` task runs on one host of a batch, and that the others wait for it: on the first that is
 * still walking, whoever comes to it first.
 */
export class OnceForAll {
  /** Hosts still walking, in the order of the batch. */
  readonly #hosts: Set<string>;
  readonly #done = new Map<number, Done>();
  /** Resolves when a task is done, or a host's walk ends. */
  #changed = Promise.resolve();
  #notify: () => void = () => undefined;

  constructor(hosts: Iterable<string>) {
    this.#hosts = new Set(hosts);
    this.#renew();
  }

  /** `mine` for the host that is to run the task; for the others its result, once it is there. */
  async claim(task: number, host: string, beforeWaiting: () => Promise<void>): Promise<'mine' | Done> {
    for (;;) {
      const done = this.#done.get(task);
      if (done) return done;
      const [first] = this.#hosts;
      if (first === host) return 'mine';
      const changed = this.#changed;
      await beforeWaiting();
      await changed;
    }
  }

  fulfil(task: number, result: Variable | undefined): void {
    this.#done.set(task, { result });
    this.#renew();
  }

  /** A host's walk ended: what it has not done is the next one's. */
  abandon(host: string): void {
    this.#hosts.delete(host);
    this.#renew();
  }

  #renew(): void {
    this.#notify();
    this.#changed = new Promise((resolve) => (this.#notify = resolve));
  }
}
