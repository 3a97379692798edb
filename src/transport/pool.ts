import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { UnreachableError } from '../core/errors.ts';
import { BusyServerError, SshConnection } from './ssh.ts';
import type { Target } from './target.ts';

// sshd's MaxStartups begins to refuse at 10 unauthenticated connections.
const handshakesPerServer = 8;
const attempts = 8;

/** Opens each host's connection once and keeps it for the run. */
export class ConnectionPool {
  readonly #opened = new Map<string, Promise<SshConnection>>();
  readonly #perServer = new Map<string, ReturnType<typeof pLimit>>();
  readonly #forks: ReturnType<typeof pLimit>;
  #passwordAccepted: Promise<unknown> | undefined;

  /** At most `forks` handshakes at once. */
  constructor(forks: number) {
    this.#forks = pLimit(forks);
  }

  /** The connection to a host, opened at the first call. */
  connect(target: Target): Promise<SshConnection> {
    let connection = this.#opened.get(target.name);
    if (!connection) {
      connection = this.#forks(() => this.#open(target));
      this.#opened.set(target.name, connection);
    }
    return connection;
  }

  async close(): Promise<void> {
    const settled = await Promise.allSettled(this.#opened.values());
    for (const result of settled) if (result.status === 'fulfilled') result.value.close();
    this.#opened.clear();
  }

  /** A password goes to one host first: a wrong one must not lock the account on all of them. */
  async #open(target: Target): Promise<SshConnection> {
    if (target.password === undefined) return this.#attempt(target);
    const first = this.#passwordAccepted;
    if (first) {
      await first.catch((error: unknown) => {
        throw new UnreachableError(`${target.name}: not tried, as the first host refused the password`, {
          cause: error,
        });
      });
      return this.#attempt(target);
    }
    const opening = this.#attempt(target);
    this.#passwordAccepted = opening;
    return opening;
  }

  async #attempt(target: Target): Promise<SshConnection> {
    const server = `${target.jump?.address ?? target.address}:${target.jump?.port ?? target.port}`;
    const limit = this.#perServer.get(server) ?? pLimit(handshakesPerServer);
    this.#perServer.set(server, limit);
    for (let attempt = 1; ; attempt++) {
      try {
        return await limit(() => SshConnection.open(target));
      } catch (error) {
        if (!(error instanceof BusyServerError) || attempt === attempts) throw error;
        await delay(50 * attempt + Math.random() * 100 * attempt);
      }
    }
  }
}
