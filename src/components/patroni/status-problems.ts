import { streamersOf, type PatroniMember } from '../../clients/patroni/api.ts';
import { splitOf, takesWrites } from '../../clients/patroni/leaders.ts';
import { diskProblems } from '../disk.ts';
import type { Seen } from '../look.ts';
import type { StatusProblem } from '../status-table.ts';
import type { PatroniSettings } from './settings.ts';
import { claimsIn, riftsIn, type PatroniState } from './state.ts';
import { timingOf } from './timing.ts';

type SeenMembers = Seen<PatroniSettings, PatroniState>;

/** What keeps the database from being whole, by what the members say of themselves. A pause is none: it was asked for. */
export function problemsOf(seen: SeenMembers): StatusProblem[] {
  const { hosts, states, cluster, settings } = seen;
  const answering = hosts.flatMap(({ name }) => {
    const state = states.get(name);
    return state?.member ? [{ name, member: state.member, dcsAge: state.dcsAge }] : [];
  });
  const systems = new Set(answering.flatMap(({ member }) => member.database_system_identifier ?? []));
  return [
    ...leadProblems(seen, answering.length),
    ...hosts.flatMap(({ name }) =>
      diskProblems('PostgreSQL', name, states.get(name)?.disks ?? [], settings.disk),
    ),
    ...answering.flatMap(({ name, member, dcsAge }) =>
      [...ownProblems(member, dcsAge, seen), ...rolesProblems(name, member, seen)].map((what) => ({
        where: name,
        what,
      })),
    ),
    ...riftsIn(states, seen.leaders[0]).map(({ name, rift }) => ({
      where: name,
      what: `does not share the leader’s history: ${rift}; drover reinit ${name} clones it again`,
    })),
    ...(systems.size > 1
      ? [
          {
            where: cluster.name,
            what: `members have ${systems.size} different databases: ${[...systems].join(', ')}`,
          },
        ]
      : []),
  ];
}

function leadProblems({ hosts, states, leaders, cluster }: SeenMembers, answering: number): StatusProblem[] {
  if (leaders.length === 1 || answering === 0) return [];
  const split = splitOf(claimsIn(states), false);
  const nobody = answering === hosts.length ? 'nobody leads' : 'nobody who answers leads';
  return [{ where: cluster.name, what: split?.message ?? nobody }];
}

function ownProblems(member: PatroniMember, dcsAge: number | undefined, { settings }: SeenMembers): string[] {
  const { loopWait, retryTimeout } = timingOf(settings.dcs);
  return [
    ...(member.state === 'running' ? [] : [`PostgreSQL does not run: ${member.state}`]),
    ...(member.watchdog_failed ? ['the watchdog failed'] : []),
    // Each cycle reads it, and may try for so long.
    ...(dcsAge !== undefined && dcsAge > 2 * loopWait + retryTimeout
      ? [`Patroni has not reached the DCS for ${dcsAge} s`]
      : []),
  ];
}

/** Only one leads, the others stream from it on its timeline. */
function rolesProblems(name: string, member: PatroniMember, { states, leaders }: SeenMembers): string[] {
  if (leaders.includes(name) || member.state !== 'running') return [];
  if (takesWrites(member)) return ['PostgreSQL takes writes without the leader’s lock'];
  const [leader = '', ...others] = leaders;
  const sender = states.get(leader)?.member;
  if (!sender || others.length > 0) return [];
  return [
    ...(streamersOf(sender).has(name) ? [] : [`does not stream from ${leader}`]),
    ...(member.timeline === undefined || sender.timeline === undefined || member.timeline === sender.timeline
      ? []
      : [`is on timeline ${member.timeline}, and ${leader} on ${sender.timeline}`]),
  ];
}
