import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { unlock, type AskPassphrase } from './key-file.ts';
import { LocalConnection } from './local.ts';
import { PasswordGate } from './password-gate.ts';
import { BusyServerError, LoginRefusedError } from './login-errors.ts';
import { OpenSshConnection } from './openssh.ts';
import { SshConnection } from './ssh.ts';
import type { Target } from './target.ts';

// sshd's MaxStartups begins to refuse at 10 unauthenticated connections.
const handshakesPerServer = 8;
const attempts = 8;

export type HostConnection = SshConnection | OpenSshConnection;

/** Opens each host's connection once and keeps it for the run. */
export class ConnectionPool {
  readonly #opened = new Map<string, Promise<HostConnection>>();
  readonly #local: LocalConnection[] = [];
  readonly #perServer = new Map<string, ReturnType<typeof pLimit>>();
  readonly #forks: ReturnType<typeof pLimit>;
  readonly #loginGate = new PasswordGate();
  readonly #becomeGate = new PasswordGate();

  readonly #signal: AbortSignal | undefined;

  readonly #ask: AskPassphrase | undefined;

  /** At most `forks` handshakes at once; the signal ends those that are under way. */
  constructor(forks: number, signal?: AbortSignal, ask?: AskPassphrase) {
    this.#forks = pLimit(forks);
    this.#signal = signal;
    this.#ask = ask;
  }

  /** The connection to a host, opened at the first call. */
  connect(target: Target): Promise<HostConnection> {
    let connection = this.#opened.get(target.name);
    if (!connection) {
      connection = this.#forks(() => this.#open(target));
      this.#opened.set(target.name, connection);
    }
    return connection;
  }

  /** The machine that drover runs on. */
  local(name: string, becomePassword: string | undefined): LocalConnection {
    const connection = new LocalConnection(name, becomePassword, this.#becomeGate);
    this.#local.push(connection);
    return connection;
  }

  async close(): Promise<void> {
    const settled = await Promise.allSettled(this.#opened.values());
    for (const result of settled) if (result.status === 'fulfilled') result.value.close();
    this.#opened.clear();
    for (const connection of this.#local) connection.close();
  }

  #open(target: Target): Promise<HostConnection> {
    const { name: host, user, password } = target;
    if (password === undefined) return this.#enter(target);
    return this.#loginGate.pass({
      host,
      user,
      password,
      start: () => this.#enter(target),
      judge: (opening) =>
        opening.then(
          ({ sentPassword }) => (sentPassword ? 'accepted' : 'nothing'),
          (error: unknown) =>
            error instanceof LoginRefusedError && error.sentPassword ? 'refused' : 'nothing',
        ),
    });
  }

  /** Keys with a passphrase come last: it is asked for only where nothing else gets in. */
  async #enter(target: Target): Promise<HostConnection> {
    try {
      return await this.#attempt(target);
    } catch (error) {
      if (!this.#ask || target.openssh || !(error instanceof LoginRefusedError)) throw error;
      if (!(await unlock(keysOf(target), this.#ask))) throw error;
      return this.#attempt(target);
    }
  }

  async #attempt(target: Target): Promise<HostConnection> {
    const { address, port } = firstHop(target);
    const server = `${address}:${port}`;
    const limit = this.#perServer.get(server) ?? pLimit(handshakesPerServer);
    this.#perServer.set(server, limit);
    for (let attempt = 1; ; attempt++) {
      try {
        return await limit(async () =>
          target.openssh
            ? OpenSshConnection.open(target, target.openssh, this.#becomeGate, this.#signal)
            : SshConnection.open(target, this.#becomeGate, this.#signal),
        );
      } catch (error) {
        if (!(error instanceof BusyServerError) || attempt === attempts || this.#signal?.aborted) throw error;
        await delay(50 * attempt + Math.random() * 100 * attempt);
      }
    }
  }
}

function firstHop(target: Target): Target {
  return target.jump ? firstHop(target.jump) : target;
}

function keysOf({ identityFiles, jump }: Target): readonly string[] {
  return jump ? [...keysOf(jump), ...identityFiles] : identityFiles;
}
