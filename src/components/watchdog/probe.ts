import { soleLeader, type Seen } from '../look.ts';
import { row, type ProbeRow } from '../probe-row.ts';
import type { WatchdogSettings } from './settings.ts';
import type { WatchdogState } from './state.ts';

/** The watchdog: held by the leader with the computed timeout, and by nobody else. */
export function probeWatchdog(seen: Seen<WatchdogSettings, WatchdogState>): ProbeRow[] {
  const { hosts, settings, states } = seen;
  const leader = soleLeader(seen);
  if (settings.mode === 'off' || leader === undefined) return [];
  return hosts.flatMap(({ name }) => {
    const host = states.get(name);
    // Unreachable hosts are reported by other probes.
    if (!host?.reached) return [];
    const leads = name === leader;
    if (host.container)
      return leads ? [row('watchdog', name, 'held by Patroni', 'none: it runs in a container', 'warn')] : [];
    const expected = leads ? `active, ${settings.timeout} s` : 'inactive';
    const found = host.watchdog ? describe(host.watchdog.state, host.watchdog.timeout, leads) : 'no device';
    return [
      row(
        'watchdog',
        name,
        expected,
        found,
        expected === found ? 'pass' : settings.mode === 'required' ? 'fail' : 'warn',
      ),
    ];
  });
}

function describe(state: string, timeout: number, leads: boolean): string {
  return leads && state === 'active' ? `active, ${timeout} s` : state;
}
