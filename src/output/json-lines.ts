import type { RunEvent } from '../engine/events.ts';
import type { Reporter } from './reporter.ts';

/** Prints each event as one line of JSON. */
export function jsonLines(run: string, write: (text: string) => void): Reporter {
  return {
    event: (event: RunEvent) =>
      write(`${JSON.stringify({ v: 1, run, time: new Date().toISOString(), ...event })}\n`),
    finish: () => Promise.resolve(),
  };
}
