import { isDeepStrictEqual } from 'node:util';
import { UnreachableError } from '../../core/errors.ts';
import type { Vault } from '../../core/secrets.ts';
import { collectScript, parseCollected } from '../../facts/collectors.ts';
import { needHost, type HostFact } from '../../facts/host.ts';
import type { Need } from '../../facts/need.ts';
import type { BecomeMethod } from '../../shell/become.ts';
import { onlyLooks } from '../../shell/feed.ts';
import { lockPiece, lockPlacePiece, unlockPiece, type Become } from '../../shell/framing.ts';
import type { PasswordOutcome } from '../../transport/password-gate.ts';
import { BecomeError, Session, type PieceOptions, type PieceResult } from '../../transport/session.ts';
import type { SshConnection } from '../../transport/ssh.ts';
import type { Target } from '../../transport/target.ts';
import { NotYetKnown, type Variable } from '../../vars/scope.ts';
import type { Value } from '../../vars/value.ts';
import { lastLines } from '../../core/text.ts';
import { World } from './world.ts';

/** What a run uses of a connection, whatever that goes through. */
export type Connection = Pick<SshConnection, 'openCommand' | 'openStream' | 'hostKey'> &
  Partial<Pick<SshConnection, 'close' | 'becomeGate'>> & {
    readonly target: Pick<Target, 'user' | 'becomePassword'>;
  };

/** One host in a run: its connection, its shells, and what is known of it. */
export class HostRun {
  readonly name: string;
  readonly connection: Connection;
  readonly world = new World();
  readonly registered = new Map<string, Variable>();
  readonly started = Date.now();
  /** Waits for the host: pieces sent together count once. */
  roundTrips = 0;
  apiCalls = 0;
  #fact: HostFact | undefined;
  readonly #vault: Vault;
  readonly #becomeMethod: BecomeMethod;
  readonly #sessions = new Map<'root' | 'login', Promise<Session>>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(name: string, connection: Connection, vault: Vault, becomeMethod: BecomeMethod = 'sudo') {
    this.name = name;
    this.connection = connection;
    this.#vault = vault;
    this.#becomeMethod = becomeMethod;
  }

  /** The host's facts; throws NotYetKnown while they are not there. */
  facts(): Value {
    if (!this.#fact) throw new NotYetKnown(`the facts of ${this.name} are not collected yet`);
    return this.#fact as unknown as Value;
  }

  get fact(): HostFact | undefined {
    return this.#fact;
  }

  /** Takes facts over, from the cache or the host. */
  assume(fact: HostFact): void {
    // What was evaluated with facts holds as long as they are the same ones.
    if (!isDeepStrictEqual(fact, this.#fact)) this.#fact = fact;
  }

  /** Runs a piece in the shell of root or of the login user. Secrets are put in here, and nowhere else. */
  async run(
    script: string,
    become: boolean,
    options: PieceOptions = {},
  ): Promise<PieceResult & { nonce: string }> {
    this.roundTrips++;
    return this.send(script, become, options);
  }

  /** The same for a piece that nobody waits for: it arrives before whatever is sent next. */
  async send(
    script: string,
    become: boolean,
    options: PieceOptions = {},
  ): Promise<PieceResult & { nonce: string }> {
    try {
      const session = await this.#session(become);
      const result = await session.run(this.#vault.reveal(script), options);
      return { ...result, nonce: session.nonce };
    } catch (error) {
      if (error instanceof UnreachableError) error.host ??= this.name;
      throw error;
    }
  }

  /** Whether a piece runs in root's shell: only there can the journal be written. */
  isRoot(become: boolean): boolean {
    return become || this.connection.target.user === 'root';
  }

  /** Gathers facts. Throws when the host could not gather all of them: nothing may be planned from the others. */
  async collect(needs: readonly Need<unknown>[], become: boolean): Promise<void> {
    const { status, stdout, stderr } = await this.run(`${onlyLooks}\n${collectScript(needs)}`, become);
    if (status !== 0) {
      const why = stderr.trim() === '' ? 'a program that looks at it failed' : lastLines(stderr);
      throw new UnreachableError(`${this.name}: its state cannot be read: ${why}`, {
        hint: 'look at its memory (free), processes and disks (dmesg)',
        host: this.name,
      });
    }
    this.learn(stdout, needs);
  }

  learn(stdout: string, needs: readonly Need<unknown>[]): void {
    this.world.learn(parseCollected(stdout, needs), needs);
    const fact = needHost.parse(this.world.records(needHost) ?? []);
    if (fact) this.assume(fact);
  }

  /** Takes the host's lock in the same trip as what is sent next; the holder's words when somebody else has it. */
  async lock(holder: string): Promise<{ held: boolean; holder: string }> {
    const session = await this.#session(true);
    const { status, stdout } = await session.run(lockPiece(holder));
    return { held: status === 0, holder: stdout.trim() };
  }

  /** What the host's lock is on: the same for two names of one machine. */
  async lockPlace(): Promise<string> {
    const session = await this.#session(true);
    return (await session.run(lockPlacePiece)).stdout.trim();
  }

  async unlock(): Promise<void> {
    const session = await this.#session(true);
    await session.run(unlockPiece);
  }

  /** Runs one after the other what must not be interleaved on this host: delegated tasks beside its own. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    for (const session of await Promise.allSettled(this.#sessions.values())) {
      if (session.status === 'fulfilled') session.value.close();
    }
  }

  /** Waits for it no more: what it is at, which only looks, ends there with the connection. */
  abandon(): void {
    void this.close();
    this.connection.close?.();
  }

  #session(become: boolean): Promise<Session> {
    const { target } = this.connection;
    const kind = become || target.user === 'root' ? 'root' : 'login';
    let session = this.#sessions.get(kind);
    if (!session) {
      session = kind === 'root' && target.user !== 'root' ? this.#openAsRoot() : this.#open();
      this.#sessions.set(kind, session);
    }
    return session;
  }

  #open(become?: Become): Promise<Session> {
    const { openCommand } = this.connection;
    // Without the session the host's lock is gone: nothing may go on through the connection's tunnels either.
    const onLost = () => this.connection.close?.();
    return Session.open({ label: this.name, openCommand, become, onLost });
  }

  #openAsRoot(): Promise<Session> {
    const { target, becomeGate } = this.connection;
    const { becomePassword: password, user } = target;
    const start = () => this.#open({ method: this.#becomeMethod, password, login: user });
    if (password === undefined || !becomeGate) return start();
    return becomeGate.pass({ host: this.name, user, password, start, judge: judgeBecoming });
  }
}

async function judgeBecoming(opening: Promise<Session>): Promise<PasswordOutcome> {
  try {
    const session = await opening;
    return (await session.ready).passwordUsed ? 'accepted' : 'nothing';
  } catch (error) {
    return error instanceof BecomeError && error.wrongPassword ? 'refused' : 'nothing';
  }
}
