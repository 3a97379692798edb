import { roleColumn, type StatusTable } from '../status-table.ts';
import type { PatroniSettings } from './settings.ts';
import { clusterOf, type PatroniState } from './state.ts';

/** In the terms of `patronictl list`. */
export const status: StatusTable<PatroniSettings, PatroniState> = {
  key: 'members',
  title: 'member',
  columns: [
    roleColumn,
    { key: 'state', title: 'state' },
    { key: 'timeline', title: 'timeline' },
    { key: 'lag', title: 'lag' },
    { key: 'more', title: '', colour: () => 'yellow' },
  ],
  cells({ name }, { states, leaders }) {
    const { member, silence } = states.get(name) ?? {};
    const listed = clusterOf(states)?.members.find((other) => other.name === name);
    const leads = leaders.includes(name);
    const more = [
      ...(member?.pending_restart ? ['waits for a restart'] : []),
      ...(member?.watchdog_failed ? ['watchdog failed'] : []),
      ...(silence === undefined ? [] : [silence]),
    ];
    return {
      role: leads ? 'leader' : (listed?.role ?? member?.role ?? '?').replace('master', 'leader'),
      state: member ? (member.replication_state ?? member.state) : (listed?.state ?? 'silent'),
      timeline: String(member?.timeline ?? listed?.timeline ?? '?'),
      lag: leads ? '' : showLag(listed?.lag),
      more: more.join(', '),
    };
  },
};

function showLag(lag: number | string | undefined): string {
  if (typeof lag !== 'number') return lag ?? '?';
  return lag === 0 ? '0' : `${(lag / 1024 ** 2).toFixed(1)} MiB`;
}
