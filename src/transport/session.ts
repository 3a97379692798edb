// SSH: targets, keys, logins, and one shell for each host and user. What is run in it is not known here.
import { randomBytes } from 'node:crypto';
import { messageOf, UnreachableError } from '../core/errors.ts';
import { isWrongPassword, wasAsked, withoutPrompt } from '../shell/become.ts';
import {
  framePiece,
  idleLimit,
  killPiece,
  noOperation,
  sessionCommand,
  sessionPrelude,
  withProcessId,
  type Become,
  type SessionLimits,
} from '../shell/framing.ts';
import { OutputBuffer, type CommandChannel, type OpenCommand } from './channel.ts';

/** What one piece of script printed, and its exit status. */
export interface PieceResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** It exceeded its time limit and was killed. */
  readonly timedOut: boolean;
  /** It printed more than is kept; what is here is the first of it. */
  readonly isCut?: true;
}

export interface PieceOptions {
  /** What the piece does, for the message when the session is lost meanwhile. */
  readonly what?: string;
  /** Milliseconds after which the piece's processes are killed. */
  readonly timeout?: number;
  /** Of more output than is kept, the rest may be dropped; otherwise the session ends there. */
  readonly mayBeCut?: boolean;
  /** Called with what has arrived on stdout so far. */
  readonly onOutput?: (stdout: string) => void;
}

/** sudo, su or doas did not let us in. */
export class BecomeError extends UnreachableError {
  readonly wrongPassword: boolean;

  constructor(label: string, { method, password }: Become, output: string) {
    const said = withoutPrompt(output);
    const whose = method === 'su' ? 'root’s' : `the right ${method}`;
    super(`${label}: ${method} refused${said === '' ? '' : `: ${said}`}`, {
      hint: `give ${whose} password with -K (--ask-become-pass), or set ansible_become: false`,
    });
    this.wrongPassword = password !== undefined && isWrongPassword(said);
  }
}

/** Bytes that are kept of what a piece prints to stdout, and to stderr; what is collected from hosts stays far below it. */
export const largestOutput = 64 * 1024 * 1024;

// Shells with slow rc files, and becoming root with a slow directory service, are ready in this time, in milliseconds.
const startLimit = 60_000;

// How long killed processes may take to end, in milliseconds.
const killLimit = 15_000;

/** The longest delay of a timer, in milliseconds; a longer one fires at once. */
const longestTimer = 2 ** 31 - 1;

export interface SessionStart extends SessionLimits {
  /** The host's name, for messages. */
  readonly label: string;
  readonly openCommand: OpenCommand;
  /** Become root. */
  readonly become?: Become | undefined;
  /** Called when the session ended without being closed: its lock is lost with it. */
  readonly onLost?: () => void;
  /** Milliseconds for the shell to be ready. */
  readonly startLimit?: number;
}

type Output = Pick<PieceResult, 'stdout' | 'stderr' | 'isCut'>;

interface Pending {
  readonly what: string | undefined;
  readonly resolve: (result: PieceResult) => void;
  readonly reject: (error: Error) => void;
  readonly onOutput: ((stdout: string) => void) | undefined;
  readonly timeout: number | undefined;
  readonly mayBeCut: boolean;
  timer?: NodeJS.Timeout;
  timedOut: boolean;
}

/**
 * A shell on a host that runs one piece of script after another over one channel: one login, one becoming root, and one
 * round trip for each piece.
 */
export class Session {
  readonly nonce = randomBytes(16).toString('hex');
  /** Resolves when the shell is ready, to whether a password was asked for to become root. Rejects if it cannot be started. */
  readonly ready: Promise<{ passwordUsed: boolean }>;
  readonly #start: SessionStart;
  readonly #channel: CommandChannel;
  readonly #stdout = new OutputBuffer(this.nonce);
  readonly #stderr = new OutputBuffer(this.nonce);
  readonly #keepalive: NodeJS.Timeout;
  readonly #starting: NodeJS.Timeout;
  readonly #waiting: Pending[] = [];
  #settle!: { ready: (value: { passwordUsed: boolean }) => void; failed: (error: Error) => void };
  #pid = 0;
  #isReady = false;
  #closing = false;
  #lost: Error | undefined;

  private constructor(start: SessionStart, channel: CommandChannel) {
    this.#start = start;
    this.#channel = channel;
    this.ready = new Promise((ready, failed) => (this.#settle = { ready, failed }));
    // Waiting pieces are rejected as well; this rejection need not be handled.
    this.ready.catch(() => undefined);
    channel.stdout.on('data', (chunk: Buffer) => this.#received(this.#stdout, chunk));
    channel.stderr.on('data', (chunk: Buffer) => this.#received(this.#stderr, chunk));
    // A write to a closed channel is reported by its close event.
    channel.stdin.on('error', () => undefined);
    channel.onClose((status, lost) => this.#closed(status, lost));
    const { idle = idleLimit, startLimit: limit = startLimit } = start;
    this.#keepalive = setInterval(() => this.#channel.stdin.write(noOperation), (idle * 1000) / 3).unref();
    this.#starting = setTimeout(() => {
      this.#fail(new UnreachableError(`${start.label}: no shell within ${limit / 1000} s${this.#noise()}`));
    }, limit).unref();
  }

  /** Starts a session. It can be used at once: an error shows in its first piece. */
  static async open(start: SessionStart): Promise<Session> {
    const channel = await start.openCommand(sessionCommand);
    const session = new Session(start, channel);
    channel.stdin.write(sessionPrelude(session.nonce, start.become, start));
    return session;
  }

  /** Runs one piece; later pieces wait for it on the host. Rejects only when the session is lost. */
  run(script: string, options: PieceOptions = {}): Promise<PieceResult> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const { what, timeout, onOutput, mayBeCut = false } = options;
      this.#waiting.push({ what, resolve, reject, onOutput, timeout, mayBeCut, timedOut: false });
      const piece = timeout === undefined ? script : withProcessId(script);
      this.#channel.stdin.write(framePiece(piece, this.nonce));
    });
  }

  /** Ends the loop once it has run everything that was sent. */
  close(): void {
    this.#closing = true;
    this.#fail(new UnreachableError(`${this.#start.label}: the session is closed`));
  }

  #received(buffer: OutputBuffer, chunk: Buffer): void {
    if (this.#lost) return;
    buffer.add(chunk);
    this.#advance();
    if (this.#waiting[0]?.mayBeCut) buffer.cut(largestOutput);
    else if (buffer.size > largestOutput) {
      this.#fail(
        new UnreachableError(`${this.#start.label}: a step printed more than ${largestOutput >> 20} MB`),
      );
      return;
    }
    if (this.#isReady && buffer === this.#stdout && buffer.size > 0) {
      this.#waiting[0]?.onOutput?.(buffer.bytes().toString('utf8'));
    }
  }

  #advance(): void {
    for (;;) {
      const out = this.#stdout.mark();
      if (!out) return;
      if (out.kind === 'pid') {
        this.#stdout.dropMark();
        this.#began(Number(out.rest));
        continue;
      }
      const err = this.#stderr.mark();
      if (!err) return;
      const { kind, rest } = out;
      const result: Output = {
        stdout: out.before.toString('utf8'),
        stderr: err.before.toString('utf8'),
        ...(out.isCut || err.isCut ? { isCut: true } : {}),
      };
      this.#stdout.dropMark();
      this.#stderr.dropMark();
      if (kind === 'ready') this.#gotReady(Number(rest), result.stderr);
      else this.#ended(Number(rest), result);
    }
  }

  #gotReady(pid: number, noise: string): void {
    clearTimeout(this.#starting);
    this.#isReady = true;
    this.#pid = pid;
    const { become } = this.#start;
    this.#settle.ready({ passwordUsed: become?.password !== undefined && wasAsked(become.method, noise) });
  }

  /** The time limit starts when the piece begins on the host, not when it is sent: it may have waited for others. */
  #began(pid: number): void {
    const [pending] = this.#waiting;
    if (pending?.timeout === undefined) return;
    const timeout = Math.min(pending.timeout, longestTimer);
    pending.timer = setTimeout(() => void this.#kill(pending, pid), timeout);
  }

  #ended(status: number, result: Output): void {
    const pending = this.#waiting.shift();
    if (!pending) return;
    clearTimeout(pending.timer);
    pending.resolve({ status, ...result, timedOut: pending.timedOut });
  }

  /** Kills the piece's processes from a second channel; the loop then reports the piece as ended. */
  async #kill(pending: Pending, pid: number): Promise<void> {
    const { label, openCommand, become } = this.#start;
    pending.timedOut = true;
    pending.timer = setTimeout(() => {
      this.#fail(new UnreachableError(`${label}: a step does not end, though it was killed`));
    }, killLimit);
    try {
      const other = await Session.open({ label, openCommand, become });
      await other.run(killPiece(pid, this.#pid));
      other.close();
    } catch (error) {
      this.#fail(new UnreachableError(`${label}: cannot end a step: ${messageOf(error)}`, { cause: error }));
    }
  }

  #closed(status: number | undefined, lost: Error | undefined): void {
    const { label, become } = this.#start;
    if (lost) this.#fail(lost);
    else if (!this.#isReady && become && status !== undefined)
      this.#fail(new BecomeError(label, become, this.#said()));
    else if (this.#isReady) this.#fail(new UnreachableError(`${label}: the session's shell has ended`));
    else this.#fail(new UnreachableError(`${label}: no shell${this.#noise()}`));
  }

  /** The last output before the shell was ready. */
  #said(): string {
    const text = [this.#stdout, this.#stderr].map((buffer) => buffer.bytes().toString('utf8').trim());
    const lines = text.flatMap((each) => each.split('\n').filter((line) => line.trim() !== ''));
    return lines.slice(-3).join('; ');
  }

  #noise(): string {
    const said = this.#said();
    return said === '' ? '' : `: ${said}`;
  }

  #fail(error: Error): void {
    if (this.#lost) return;
    this.#lost = error;
    clearInterval(this.#keepalive);
    clearTimeout(this.#starting);
    this.#settle.failed(error);
    for (const [position, pending] of this.#waiting.splice(0).entries()) {
      clearTimeout(pending.timer);
      pending.reject(position === 0 && this.#isReady ? during(pending.what, error) : error);
    }
    this.#channel.stdin.end();
    this.#channel.destroy();
    if (!this.#closing) this.#start.onLost?.();
  }
}

/** The error with what was under way: it may have been carried out, in part or in full. */
function during(what: string | undefined, error: Error): Error {
  if (what === undefined) return error;
  return new UnreachableError(`${error.message}, during ${what}`, {
    hint: 'how far it got is not known; the next run looks at the host first',
    cause: error,
  });
}
