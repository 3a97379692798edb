import type { Variable } from '../vars/scope.ts';

type Ending = { readonly result: Variable | undefined } | 'abandoned';

/** Sees to it that a `run_once` task runs on one host of a batch, and that the others wait for it. */
export class OnceForAll {
  readonly #claims = new Map<
    number,
    { owner: string; ending: Promise<Ending>; end: (ending: Ending) => void }
  >();

  /** `mine` for the host that is to run the task; for the others its result, once it is there. */
  async claim(
    task: number,
    host: string,
    beforeWaiting: () => Promise<void>,
  ): Promise<'mine' | { result: Variable | undefined }> {
    for (;;) {
      const claim = this.#claims.get(task);
      if (!claim) {
        let end: (ending: Ending) => void = () => undefined;
        const ending = new Promise<Ending>((resolve) => (end = resolve));
        this.#claims.set(task, { owner: host, ending, end });
        return 'mine';
      }
      await beforeWaiting();
      const ending = await claim.ending;
      if (ending !== 'abandoned') return ending;
    }
  }

  fulfil(task: number, result: Variable | undefined): void {
    this.#claims.get(task)?.end({ result });
  }

  /** A host's walk ended: what it had claimed and not done goes to another. */
  abandon(host: string): void {
    for (const [task, claim] of this.#claims) {
      if (claim.owner !== host) continue;
      claim.end('abandoned');
      // An ending that was already given stays; only an open claim is free again.
      void claim.ending.then((ending) => {
        if (ending === 'abandoned' && this.#claims.get(task) === claim) this.#claims.delete(task);
      });
    }
  }
}
