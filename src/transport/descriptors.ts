import { readFileSync } from 'node:fs';
import { UsageError } from '../core/errors.ts';

// Descriptors that the process needs besides its connections: files, pipes, the event loop.
const others = 64;

/** Refuses to begin with more connections than the process may have files open. */
export function requireDescriptors(connections: number, limit = openFilesLimit()): void {
  const needed = connections + others;
  if (limit === undefined || needed <= limit) return;
  throw new UsageError(`${connections} connections need ${needed} open files, and the limit is ${limit}`, {
    hint: `raise it (ulimit -n ${needed}), or do fewer hosts at a time (--limit)`,
  });
}

/** The limit of open files, which Node.js has raised to the hard limit; undefined if it cannot be read. */
function openFilesLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
