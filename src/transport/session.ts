import { randomBytes } from 'node:crypto';
import { UnreachableError } from '../core/errors.ts';
import {
  framePiece,
  idleLimit,
  killDescendants,
  noOperation,
  sessionCommand,
  sessionPrelude,
} from '../shell/framing.ts';
import { OutputBuffer, type CommandChannel, type OpenCommand } from './channel.ts';

/** What one piece of script printed, and its exit status. */
export interface PieceResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** It was ended because its time was up. */
  readonly timedOut: boolean;
}

export interface PieceOptions {
  /** Milliseconds after which what the piece started is killed. */
  readonly timeout?: number;
  /** Called with what has arrived on stdout so far. */
  readonly onOutput?: (stdout: string) => void;
}

/** sudo did not let us in. */
class BecomeError extends UnreachableError {}

// A step that prints more than this is stopped; what is collected of hosts is far below it.
const largestOutput = 64 * 1024 * 1024;

export interface SessionStart {
  /** The host's name, for messages. */
  readonly label: string;
  readonly openCommand: OpenCommand;
  /** Become root by sudo, with a password where one is asked for. */
  readonly become?: { readonly password?: string } | undefined;
}

interface Pending {
  readonly resolve: (result: PieceResult) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout | undefined;
  readonly onOutput: ((stdout: string) => void) | undefined;
  timedOut: boolean;
}

/**
 * A shell on a host that runs one piece of script after another over one channel: one login, one sudo, and one
 * round trip for each piece.
 */
export class Session {
  readonly nonce = randomBytes(16).toString('hex');
  readonly #start: SessionStart;
  readonly #channel: CommandChannel;
  readonly #stdout = new OutputBuffer(this.nonce);
  readonly #stderr = new OutputBuffer(this.nonce);
  readonly #keepalive: NodeJS.Timeout;
  readonly #waiting: Pending[] = [];
  #pid = 0;
  #ready = false;
  #lost: Error | undefined;

  private constructor(start: SessionStart, channel: CommandChannel) {
    this.#start = start;
    this.#channel = channel;
    channel.stdout.on('data', (chunk: Buffer) => this.#received(this.#stdout, chunk));
    channel.stderr.on('data', (chunk: Buffer) => this.#received(this.#stderr, chunk));
    // A write to a channel that is gone is reported by its close.
    channel.stdin.on('error', () => undefined);
    channel.onClose((status) => this.#closed(status));
    this.#keepalive = setInterval(() => this.#channel.stdin.write(noOperation), (idleLimit * 1000) / 3);
    this.#keepalive.unref();
  }

  /** Starts a session; it is usable at once, and what goes wrong with it shows in the first piece. */
  static async open(start: SessionStart): Promise<Session> {
    const channel = await start.openCommand(sessionCommand);
    const session = new Session(start, channel);
    channel.stdin.write(sessionPrelude(session.nonce, start.become));
    return session;
  }

  /** Runs one piece; later pieces wait for it on the host. Rejects only when the connection is lost. */
  run(script: string, options: PieceOptions = {}): Promise<PieceResult> {
    if (this.#lost) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      const { timeout, onOutput } = options;
      const pending: Pending = {
        resolve,
        reject,
        onOutput,
        timedOut: false,
        timer: timeout === undefined ? undefined : setTimeout(() => void this.#kill(pending), timeout),
      };
      this.#waiting.push(pending);
      this.#channel.stdin.write(framePiece(script, this.nonce));
    });
  }

  /** Lets the loop end when it has done what was sent. */
  close(): void {
    clearInterval(this.#keepalive);
    this.#lost ??= new UnreachableError(`${this.#start.label}: the session is closed`);
    this.#channel.stdin.end();
    this.#channel.destroy();
  }

  #received(buffer: OutputBuffer, chunk: Buffer): void {
    buffer.add(chunk);
    if (buffer.size > largestOutput && this.#waiting[0]) {
      this.#fail(
        new UnreachableError(`${this.#start.label}: a step printed more than ${largestOutput >> 20} MB`),
      );
      this.#channel.destroy();
      return;
    }
    // Every line of the loop ends its chunk or stands in it whole; a chunk without a newline ends nothing.
    if (chunk.includes(10)) this.#advance();
    if (this.#ready && buffer === this.#stdout && buffer.size > 0) {
      this.#waiting[0]?.onOutput?.(buffer.bytes().toString('utf8'));
    }
  }

  #advance(): void {
    for (;;) {
      const kind = this.#ready ? 'end' : 'ready';
      const out = this.#stdout.find(kind);
      const err = out && this.#stderr.find(kind);
      if (!out || !err) return;
      const result = { stdout: out.before.toString('utf8'), stderr: err.before.toString('utf8') };
      this.#stdout.dropUntil(out.end);
      this.#stderr.dropUntil(err.end);
      if (!this.#ready) {
        this.#ready = true;
        this.#pid = Number(out.rest);
        continue;
      }
      const pending = this.#waiting.shift();
      if (!pending) return;
      clearTimeout(pending.timer);
      pending.resolve({ status: Number(out.rest), ...result, timedOut: pending.timedOut });
    }
  }

  /** Ends what the piece started, from a session beside this one; the loop then reports the piece as ended. */
  async #kill(pending: Pending): Promise<void> {
    if (this.#waiting[0] !== pending) return;
    pending.timedOut = true;
    try {
      const other = await Session.open(this.#start);
      await other.run(killDescendants(this.#pid));
      other.close();
    } catch (error) {
      this.#fail(new UnreachableError(`${this.#start.label}: cannot end a step`, { cause: error }));
    }
  }

  #closed(status: number | undefined): void {
    const said = this.#stderr.bytes().toString('utf8').trim().split('\n').slice(-3).join('; ');
    if (!this.#ready && this.#start.become && status !== undefined) {
      this.#fail(
        new BecomeError(`${this.#start.label}: sudo refused${said === '' ? '' : `: ${said}`}`, {
          hint: 'give the right sudo password with -K (--ask-become-pass), or set ansible_become: false',
        }),
      );
      return;
    }
    const detail = this.#ready || said === '' ? '' : `: ${said}`;
    this.#fail(new UnreachableError(`${this.#start.label}: the connection was lost${detail}`));
  }

  #fail(error: Error): void {
    clearInterval(this.#keepalive);
    this.#lost ??= error;
    for (const pending of this.#waiting.splice(0)) {
      clearTimeout(pending.timer);
      pending.reject(this.#lost);
    }
  }
}
