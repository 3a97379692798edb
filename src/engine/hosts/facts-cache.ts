import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../core/cache-folder.ts';
import { writePrivateFile } from '../../core/private-file.ts';
import type { HostFact } from '../../facts/host.ts';

// A new version may read more of a host; its facts are collected anew.
const format = 2;

function fileOf(hostKey: string, folder: string): string {
  return join(folder, `${createHash('sha256').update(hostKey).digest('hex').slice(0, 32)}.json`);
}

/** Facts of hosts as they were last seen, by host key. A guess to work ahead with: each run verifies it. */
export class FactsCache {
  readonly #folder: string;
  /** What the files are known to hold. */
  readonly #held = new Map<string, string>();

  constructor(folder = cacheFolder('facts')) {
    this.#folder = folder;
  }

  load(hostKey: string): HostFact | undefined {
    try {
      const text = readFileSync(fileOf(hostKey, this.#folder), 'utf8');
      const stored = JSON.parse(text) as { format: number; fact: HostFact };
      this.#held.set(hostKey, text);
      return stored.format === format ? stored.fact : undefined;
    } catch {
      return undefined;
    }
  }

  /** Failing to cache costs the next run a round trip, and nothing else. */
  store(hostKey: string, fact: HostFact): void {
    const text = JSON.stringify({ format, fact });
    if (this.#held.get(hostKey) === text) return;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writePrivateFile(fileOf(hostKey, this.#folder), text);
      this.#held.set(hostKey, text);
    } catch {
      return;
    }
  }
}
