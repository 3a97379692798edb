import { showSeconds } from '../core/duration.ts';
import type { RunEvent } from '../engine/events.ts';
import type { Reporter } from './reporter.ts';

/** An event and when it came, in seconds. */
export interface TimedEvent {
  readonly at: number;
  readonly event: RunEvent;
}

/** A part of a run that nothing else overlaps, and the round trips that its last host waited for. */
export interface Stretch {
  readonly what: string;
  readonly seconds: number;
  /** The host that finished last. */
  readonly host?: string;
  readonly trips: readonly { readonly what: string; readonly seconds: number }[];
}

/**
 * The critical path of a run. Phases and plays follow each other, and the hosts of each work in parallel: the time
 * of each is that of the host that finished last.
 */
export function criticalPath(events: readonly TimedEvent[]): Stretch[] {
  const borders = events.flatMap(({ event }, index) => (nameOf(event) === undefined ? [] : [index]));
  return borders.flatMap((start, number): Stretch[] => {
    const first = events[start];
    const what = first && nameOf(first.event);
    const end = borders[number + 1] ?? events.length - 1;
    const last = events[end];
    if (!first || !last || what === undefined || what === '') return [];
    const within = events.slice(start, end + 1).map(({ event }) => event);
    const done = within.findLast(
      (event) => event.type === 'trip' || event.type === 'wait' || event.type === 'host',
    );
    const host = done?.host;
    const trips = within.flatMap((event) => {
      if ((event.type !== 'trip' && event.type !== 'wait') || event.host !== host) return [];
      const { seconds } = event;
      if (event.type === 'wait') return [{ what: `waiting for ${event.what}`, seconds }];
      return [{ what: event.tasks.join(', ') || 'looking', seconds }];
    });
    return [{ what, seconds: last.at - first.at, trips, ...(host === undefined ? {} : { host }) }];
  });
}

/** The stretch that an event begins; empty for an event that only ends the previous one. */
function nameOf(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'run':
      return 'start';
    case 'phase':
      return event.phase === 'apply' ? '' : event.phase;
    case 'play':
      return `play ${event.play}`;
    case 'recap':
      return '';
    default:
      return undefined;
  }
}

export function formatTimings(path: readonly Stretch[]): string {
  const lines = path.flatMap(({ what, seconds, host, trips }) => [
    line(seconds, `${what}${host === undefined ? '' : `, last ${host}`}`),
    ...trips.map((trip) => line(trip.seconds, `  ${trip.what}`)),
  ]);
  return `\nWhat the run took its time for:\n${lines.join('\n')}\n`;
}

function line(seconds: number, what: string): string {
  return `  ${showSeconds(seconds).padStart(12)}  ${what.length > 90 ? `${what.slice(0, 89)}…` : what}`;
}

/** Reports a run as `inner` does, and its critical path at the end. */
export function withTimings(
  inner: Reporter,
  write: (text: string) => void,
  now = () => performance.now() / 1000,
): Reporter {
  const events: TimedEvent[] = [{ at: 0, event: { type: 'run', verb: '', source: '', hosts: [] } }];
  return {
    event: (event) => {
      if (event.type !== 'run') events.push({ at: now(), event });
      inner.event(event);
    },
    finish: async () => {
      await inner.finish();
      if (events.length > 1) write(formatTimings(criticalPath(events)));
      events.length = 0;
    },
  };
}
