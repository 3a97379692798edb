import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { messageOf } from '../core/errors.ts';
import { LoginGate } from './sql-login.ts';

/**
 * What postgres.js is given for a socket: when the stream ends that is an error, and it closes only when we close it.
 * On a close of the server's the library would forget the socket with a write still to come, which ends the process
 * (its issues 1154 and 1208), or connect again by itself. A connection of ours that has ended is not used again.
 * What a server says before it has let us in is judged first: see LoginGate.
 */
export class SteadySocket extends EventEmitter {
  readonly #stream: Duplex;
  readonly #gate = new LoginGate();
  #lost: Error | undefined;
  #isClosed = false;

  constructor(stream: Duplex) {
    super();
    this.#stream = stream;
    // Until the library listens.
    this.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => this.#received(chunk));
    stream.on('drain', () => this.emit('drain'));
    stream.on('error', (error) => this.#fail(error));
    for (const event of ['end', 'close']) {
      stream.on(event, () => this.#fail(new Error('the connection was closed')));
    }
  }

  write(chunk: Uint8Array): boolean {
    // Who writes after the end waits for an answer, and is told that there is none.
    if (!this.#lost && !this.#isClosed) return this.#stream.write(chunk);
    if (this.#lost) this.#tell(this.#lost);
    return true;
  }

  destroy(): void {
    this.#stream.destroy();
  }

  /** Once the library has let go of it: it stops its timers then, which would keep the process. */
  close(): void {
    this.#isClosed = true;
    this.#stream.destroy();
    this.emit('close', false);
  }

  #received(chunk: Buffer): void {
    if (this.#lost || this.#isClosed) return;
    let passed: Buffer;
    try {
      passed = this.#gate.pass(chunk);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(messageOf(error)));
      this.#stream.destroy();
      return;
    }
    if (passed.length > 0) this.emit('data', passed);
  }

  #fail(error: Error): void {
    if (this.#lost) return;
    this.#lost = error;
    this.#tell(error);
  }

  #tell(error: Error): void {
    // Nobody listens to one that is closed, and an error that nobody hears ends the process.
    setImmediate(() => {
      if (!this.#isClosed) this.emit('error', error);
    });
  }
}
