import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';

/**
 * What postgres.js is given for a socket: when the stream ends that is an error, and it closes only when we close it.
 * On a close of the server's the library would forget the socket with a write still to come, which ends the process
 * (its issues 1154 and 1208), or connect again by itself. A connection of ours that has ended is not used again.
 */
export class SteadySocket extends EventEmitter {
  readonly #stream: Duplex;
  #lost: Error | undefined;

  constructor(stream: Duplex) {
    super();
    this.#stream = stream;
    this.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => this.emit('data', chunk));
    stream.on('drain', () => this.emit('drain'));
    stream.on('error', (error) => this.#fail(error));
    for (const event of ['end', 'close']) {
      stream.on(event, () => this.#fail(new Error('the connection was closed')));
    }
  }

  write(chunk: Uint8Array): boolean {
    // Who writes after the end waits for an answer, and is told that there is none.
    if (!this.#lost) return this.#stream.write(chunk);
    this.#tell(this.#lost);
    return true;
  }

  destroy(): void {
    this.#stream.destroy();
  }

  /** Once the library has let go of it: it stops its timers then, which would keep the process. */
  close(): void {
    this.#lost ??= new Error('the connection was closed');
    this.#stream.destroy();
    this.emit('close', false);
  }

  #fail(error: Error): void {
    if (this.#lost) return;
    this.#lost = error;
    this.#tell(error);
  }

  #tell(error: Error): void {
    setImmediate(() => this.emit('error', error));
  }
}
