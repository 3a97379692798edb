import { leadersOf, type Snapshot } from '../snapshot.ts';
import type { Topology } from '../topology.ts';
import { row, type ProbeRow } from '../probe-row.ts';

/** The watchdog: held by the leader with the computed timeout, and by nobody else. */
export function probeWatchdog({ watchdog, postgres }: Topology, snapshot: Snapshot): ProbeRow[] {
  if (watchdog.mode === 'off') return [];
  const leaders = leadersOf(snapshot);
  return postgres.flatMap(({ name }) => {
    const host = snapshot.hosts.get(name);
    // Who is out of reach has rows enough.
    if (!host?.reached) return [];
    const leads = leaders.includes(name);
    if (host.container)
      return leads ? [row('watchdog', name, 'held by Patroni', 'none: it runs in a container', 'warn')] : [];
    const expected = leads ? `active, ${watchdog.timeout} s` : 'inactive';
    const found = host.watchdog ? describe(host.watchdog.state, host.watchdog.timeout, leads) : 'no device';
    return [
      row(
        'watchdog',
        name,
        expected,
        found,
        expected === found ? 'pass' : watchdog.mode === 'required' ? 'fail' : 'warn',
      ),
    ];
  });
}

function describe(state: string, timeout: number, leads: boolean): string {
  return leads && state === 'active' ? `active, ${timeout} s` : state;
}
