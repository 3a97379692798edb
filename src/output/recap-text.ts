import { showSeconds } from '../core/duration.ts';
import type { HostRecap } from '../engine/events.ts';
import type { Paint } from './style.ts';

/** The last words of a run: a line for each host. */
export function formatRecap(hosts: Readonly<Record<string, HostRecap>>, paint: Paint): string {
  const names = Object.keys(hosts);
  const width = Math.max(0, ...names.map((name) => name.length));
  const counted = ['ok', 'changed', 'failed', 'skipped', 'deferred', 'unreachable'] as const;
  const colours = { changed: 'yellow', failed: 'red', unreachable: 'red', deferred: 'blue' } as const;
  return names
    .map((name) => {
      const recap = hosts[name];
      if (!recap) return name;
      const counts = counted
        // What hardly ever happens is named only when it did.
        .filter((key) => recap[key] > 0 || key === 'ok' || key === 'changed' || key === 'failed')
        .map((key) => {
          const text = `${key}=${recap[key]}`.padEnd(key.length + 4);
          return recap[key] > 0 && key in colours ? paint(colours[key as keyof typeof colours], text) : text;
        });
      const trips = `${recap.roundTrips} round trip${recap.roundTrips === 1 ? '' : 's'}`;
      const calls =
        recap.apiCalls === 0 ? '' : `, ${recap.apiCalls} API call${recap.apiCalls === 1 ? '' : 's'}`;
      return `${name.padEnd(width)}  ${counts.join(' ')} ${paint('dim', `${trips}${calls}, ${showSeconds(recap.seconds)}`)}`;
    })
    .join('\n');
}
