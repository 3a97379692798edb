import { isPrimaryRole, isSynchronousRole, lagBehind, streamersOf } from '../../clients/patroni/api.ts';
import { showBytes } from '../../core/text.ts';
import type { Seen } from '../look.ts';
import { diskColumn, diskFreeOf } from '../disk.ts';
import { roleColumn, type StatusTable } from '../status-table.ts';
import type { PatroniSettings } from './settings.ts';
import { clusterOf, type PatroniState } from './state.ts';
import { problemsOf } from './status-problems.ts';
import { timingOf } from './timing.ts';

/** In the terms of `patronictl list`, but each member in its own words: what the DCS lists may be gone. */
export const status: StatusTable<PatroniSettings, PatroniState> = {
  key: 'members',
  title: 'member',
  columns: [
    roleColumn,
    {
      key: 'state',
      title: 'state',
      show: ({ state, streaming }) =>
        typeof state !== 'string' ? 'does not answer' : streaming === true ? 'streaming' : state,
      colour: (state) => (state === 'does not answer' ? 'red' : undefined),
    },
    { key: 'timeline', title: 'timeline' },
    {
      key: 'lag',
      title: 'lag',
      show: ({ role, lag }) => (typeof lag === 'number' ? showBytes(lag) : role === 'leader' ? '' : '?'),
    },
    diskColumn,
    {
      key: 'more',
      title: '',
      show: ({ more }) => (Array.isArray(more) ? more.join(', ') : ''),
      colour: () => 'yellow',
    },
  ],
  answers: ({ name }, { states }) => states.get(name)?.member !== undefined,
  cells({ name }, seen) {
    const { states, leaders } = seen;
    const { member, dcsAge, leader, disks = [] } = states.get(name) ?? {};
    const listed = clusterOf(states)?.members.find((other) => other.name === name);
    const leads = leader === 200;
    const sender = states.get(leaders[0] ?? '')?.member;
    const listedLag = typeof listed?.lag === 'number' ? listed.lag : null;
    return {
      role: member ? (leads ? 'leader' : roleOf(member.role, listed?.role)) : null,
      state: member ? (member.replication_state ?? member.state) : null,
      streaming: !member || !sender || leads ? null : streamersOf(sender).has(name),
      timeline: member?.timeline ?? null,
      lag: !member || leads ? null : (lagBehind(sender, member) ?? listedLag),
      pendingRestart: member ? member.pending_restart === true : null,
      dcsAge: dcsAge ?? null,
      dcsRole: listed?.role ?? null,
      dcsState: listed?.state ?? null,
      diskFree: diskFreeOf(disks),
      more: remarksOn(name, seen),
    };
  },
  problems: problemsOf,
};

/** A member calls itself a replica, whether it stands by synchronously or not: that is for the DCS to say. */
function roleOf(own: string, listed: string | undefined): string {
  if (isPrimaryRole(own)) return 'primary';
  return own === 'replica' && listed !== undefined && isSynchronousRole(listed) ? listed : own;
}

function remarksOn(name: string, { states, settings }: Seen<PatroniSettings, PatroniState>): string[] {
  const { member, silence } = states.get(name) ?? {};
  if (member) {
    return [
      ...(member.pending_restart ? ['waits for a restart'] : []),
      ...(member.watchdog_failed ? ['watchdog failed'] : []),
    ];
  }
  const listed = clusterOf(states)?.members.find((other) => other.name === name);
  const { ttl } = timingOf(settings.dcs);
  return [
    ...(silence === undefined ? [] : [silence]),
    ...(listed
      ? [`the DCS lists it as ${listed.role}, ${listed.state}: up to ${ttl} s after its last word`]
      : []),
  ];
}
