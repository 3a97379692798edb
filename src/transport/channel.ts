import type { Readable, Writable } from 'node:stream';

/** A running command on a host, over any transport. */
export interface CommandChannel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Calls back once, when the command has ended, with its status if there was one, or its connection was lost. */
  onClose(listener: (status: number | undefined, lost?: Error) => void): void;
  /** Ends it without waiting. */
  destroy(): void;
}

/** Starts a command. */
export type OpenCommand = (command: string) => Promise<CommandChannel>;

/** The lines of a session's loop; a batch of changes has others with the same nonce, which are output. */
const kinds = ['ready', 'pid', 'end'] as const;

/** A line of the loop in what a session printed. */
export interface Mark {
  readonly kind: (typeof kinds)[number];
  readonly rest: string;
  /** What was printed before it. */
  readonly before: Buffer;
  /** That is only the first of it. */
  readonly isCut: boolean;
}

/** Bytes in which the next line of the loop is found when what is printed before it is cut. */
const longestLine = 4096;

/** Collects what one output of a session prints, and cuts it at the loop's nonce lines. */
export class OutputBuffer {
  readonly #prefix: Buffer;
  #bytes = Buffer.alloc(0);
  #size = 0;
  /** Up to here there is no line of the loop: output is searched only once, however long it gets. */
  #searched = 0;
  #markEnd = 0;
  /** What is behind this is not all that was printed. */
  #cutAt: number | undefined;

  constructor(nonce: string) {
    this.#prefix = Buffer.from(`\n${nonce} `);
  }

  get size(): number {
    return this.#size;
  }

  add(chunk: Buffer): void {
    const needed = this.#size + chunk.length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.bytes().copy(larger);
      this.#bytes = larger;
    }
    chunk.copy(this.#bytes, this.#size);
    this.#size = needed;
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  /** The first complete line of the loop; undefined until it has arrived. */
  mark(): Mark | undefined {
    const bytes = this.bytes();
    for (;;) {
      const start = bytes.indexOf(this.#prefix, this.#searched);
      if (start < 0) {
        this.#searched = Math.max(this.#searched, this.#size - this.#prefix.length + 1);
        return undefined;
      }
      this.#searched = start;
      const end = bytes.indexOf('\n', start + 1);
      if (end < 0) return undefined;
      const [word = '', rest = ''] = bytes.toString('latin1', start + this.#prefix.length, end).split(' ');
      const kind = kinds.find((known) => known === word);
      if (kind) {
        this.#markEnd = end + 1;
        const before = bytes.subarray(0, Math.min(start, this.#cutAt ?? start));
        return { kind, rest, before, isCut: this.#cutAt !== undefined };
      }
      this.#searched = end;
    }
  }

  /** Drops of what is printed before the next line of the loop all but the first bytes. */
  cut(most: number): void {
    if (this.#size <= most + 2 * longestLine || this.mark()) return;
    const dropped = this.#size - longestLine - most;
    this.#bytes.copyWithin(most, most + dropped, this.#size);
    this.#size -= dropped;
    this.#searched = Math.max(most, this.#searched - dropped);
    this.#cutAt = most;
  }

  /** Drops the line that `mark` found, and what was before it. */
  dropMark(): void {
    this.#bytes = Buffer.from(this.#bytes.subarray(this.#markEnd, this.#size));
    this.#size = this.#bytes.length;
    this.#searched = 0;
    this.#markEnd = 0;
    this.#cutAt = undefined;
  }
}
