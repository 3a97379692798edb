import { UnreachableError } from '../core/errors.ts';

/** What a host's answer says about a password: nothing, for example, if a key was enough or the host is down. */
export type PasswordOutcome = 'accepted' | 'refused' | 'nothing';

/** One host's use of a password. */
interface Trial<T> {
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly start: () => Promise<T>;
  /** Settles when the host has answered. */
  readonly judge: (started: Promise<T>) => Promise<PasswordOutcome>;
}

/**
 * Tries a password on one host at a time until one has accepted it, and on no other host after a refusal: a wrong
 * password must not lock the account everywhere.
 */
export class PasswordGate {
  readonly #first = new Map<string, { host: string; outcome: Promise<PasswordOutcome> }>();

  async pass<T>({ host, user, password, start, judge }: Trial<T>): Promise<T> {
    const key = `${user}\n${password}`;
    for (;;) {
      const first = this.#first.get(key);
      if (!first) break;
      const outcome = await first.outcome;
      if (outcome === 'accepted') return start();
      if (outcome === 'refused') {
        throw new UnreachableError(`${host}: not tried, as ${first.host} refused the password`);
      }
      // Of those who waited, the one that gets here first goes next.
      if (this.#first.get(key) === first) this.#first.delete(key);
    }
    const started = start();
    this.#first.set(key, { host, outcome: judge(started) });
    return started;
  }
}
