import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const all = new Map<string, Map<string, unknown>>();

/**
 * What texts were parsed to, by the text. The files that ship with drover were parsed when it was built: that lies in
 * parsed.json beside the program, and spares a start a fifth of what it reads and checks.
 */
export class Parsed<T> {
  readonly #kind: string;
  #known: Map<string, unknown> | undefined;

  constructor(kind: string) {
    this.#kind = kind;
  }

  get(text: string): T | undefined {
    return this.#texts.get(text) as T | undefined;
  }

  set(text: string, result: T): void {
    this.#texts.set(text, result);
  }

  get #texts(): Map<string, unknown> {
    if (this.#known) return this.#known;
    if (all.size === 0) readBuilt();
    this.#known = all.get(this.#kind) ?? new Map<string, unknown>();
    all.set(this.#kind, this.#known);
    return this.#known;
  }
}

function readBuilt(): void {
  const path = join(import.meta.dirname, 'parsed.json');
  if (!existsSync(path)) return;
  const built = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, unknown>>;
  for (const [kind, texts] of Object.entries(built)) all.set(kind, new Map(Object.entries(texts)));
}

/** All that was parsed so far, for parsed.json; without the files that positions are in, which a reader knows. */
export function allParsed(): string {
  const texts = Object.fromEntries([...all].map(([kind, known]) => [kind, Object.fromEntries(known)]));
  return JSON.stringify(texts, (name, value: unknown) => (name === 'file' ? undefined : value));
}
