import { showSeconds } from '../core/duration.ts';
import type { HostRecap } from '../engine/events.ts';
import { listHosts, manyHosts } from './hosts-text.ts';
import type { Paint } from './style.ts';

/** The recap of a run: one line per host, or, if there are many, one for all hosts with the same figures. */
export function formatRecap(hosts: Readonly<Record<string, HostRecap>>, paint: Paint): string {
  const all = Object.entries(hosts);
  const groups = new Map<string, [string, HostRecap][]>();
  for (const entry of all) {
    const key = all.length > manyHosts && isWell(entry[1]) ? countsOf(entry[1], (_, text) => text) : entry[0];
    const group = groups.get(key);
    if (group) group.push(entry);
    else groups.set(key, [entry]);
  }
  const lines = [...groups.values()].map((group) => ({
    name: listHosts(group.map(([name]) => name)),
    recaps: group.map(([, recap]) => recap),
  }));
  const width = Math.max(0, ...lines.map(({ name }) => name.length));
  return lines
    .map(({ name, recaps }) => {
      const [recap] = recaps;
      return recap
        ? `${name.padEnd(width)}  ${countsOf(recap, paint)} ${paint('dim', effortOf(recaps))}`
        : name;
    })
    .join('\n');
}

function isWell({ failed, unreachable }: HostRecap): boolean {
  return failed === 0 && unreachable === 0;
}

const counted = [
  'ok',
  'changed',
  'failed',
  'skipped',
  'rescued',
  'ignored',
  'deferred',
  'unreachable',
] as const;
const colours = { changed: 'yellow', failed: 'red', unreachable: 'red', deferred: 'blue' } as const;

function countsOf(recap: HostRecap, paint: Paint): string {
  return (
    counted
      // Rare counts are shown only if they are not zero.
      .filter((key) => recap[key] > 0 || key === 'ok' || key === 'changed' || key === 'failed')
      .map((key) => {
        const text = `${key}=${recap[key]}`.padEnd(key.length + 4);
        return recap[key] > 0 && key in colours ? paint(colours[key as keyof typeof colours], text) : text;
      })
      .join(' ')
  );
}

/** Round trips and seconds; of several hosts the maximum. */
function effortOf(recaps: readonly HostRecap[]): string {
  const most = (key: 'roundTrips' | 'apiCalls' | 'seconds') => Math.max(...recaps.map((recap) => recap[key]));
  const [trips, calls] = [most('roundTrips'), most('apiCalls')];
  const asked = calls === 0 ? '' : `, ${calls} API call${calls === 1 ? '' : 's'}`;
  return `${trips} round trip${trips === 1 ? '' : 's'}${asked}, ${showSeconds(most('seconds'))}`;
}
