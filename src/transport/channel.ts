import type { Readable, Writable } from 'node:stream';

/** A running command on a host, whatever carries it. */
export interface CommandChannel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Calls back once, when the command has ended or its connection was lost; the status if there was one. */
  onClose(listener: (status: number | undefined) => void): void;
  /** Ends it without waiting. */
  destroy(): void;
}

/** Starts a command. */
export type OpenCommand = (command: string) => Promise<CommandChannel>;

/** Collects what one output of a session prints, and cuts it at the loop's nonce lines. */
export class OutputBuffer {
  readonly #nonce: string;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(nonce: string) {
    this.#nonce = nonce;
  }

  get size(): number {
    return this.#size;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** What stands before the first complete line `NONCE kind…`, and that line's rest; undefined while it is not there. */
  find(kind: string): { before: Buffer; rest: string; end: number } | undefined {
    const bytes = this.bytes();
    const start = bytes.indexOf(`\n${this.#nonce} ${kind}`);
    if (start < 0) return undefined;
    const end = bytes.indexOf('\n', start + 1);
    if (end < 0) return undefined;
    const rest = bytes.subarray(start + this.#nonce.length + kind.length + 2, end).toString('latin1');
    return { before: bytes.subarray(0, start), rest: rest.trim(), end: end + 1 };
  }

  dropUntil(end: number): void {
    const rest = this.bytes().subarray(end);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
  }
}
