import { readFileSync } from 'node:fs';
import { join } from 'node:path';

let built: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;

/**
 * What the texts of one kind were parsed to when drover was built, by text: those of the files that ship with it
 * (scripts/shipped.ts). It lies in parsed.json beside the program, and spares a re-run of site.yml 31 ms of 544
 * (measured side by side on two processors); without it they are parsed like any other.
 */
export function parsedAtBuild<T>(kind: 'yaml' | 'template'): Map<string, T> {
  built ??= readBuilt();
  return new Map(Object.entries(built[kind] ?? {}) as [string, T][]);
}

function readBuilt(): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  try {
    return JSON.parse(readFileSync(join(import.meta.dirname, 'parsed.json'), 'utf8')) as NonNullable<
      typeof built
    >;
  } catch {
    // Not there when the sources run as they are, not whole while it is written, or not for everybody to read.
    return {};
  }
}
