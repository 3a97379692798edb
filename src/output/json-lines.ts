import type { RunEvent } from '../engine/events.ts';
import type { Reporter } from './reporter.ts';
import { visibleJson } from './visible.ts';

/** Prints each event as a line of JSON. Events of the same moment, such as a thousand changes, are written together. */
export function jsonLines(run: string, write: (text: string) => void): Reporter {
  let lines: string[] = [];
  const flush = () => {
    const text = lines.join('');
    lines = [];
    if (text !== '') write(text);
  };
  return {
    event: (event: RunEvent) => {
      if (lines.length === 0) queueMicrotask(flush);
      lines.push(`${visibleJson(JSON.stringify({ v: 2, run, time: new Date().toISOString(), ...event }))}\n`);
    },
    finish: () => {
      flush();
      return Promise.resolve();
    },
  };
}
