import { isPrimaryRole } from '../../clients/patroni/api.ts';
import { patchFor } from '../../modules/patroni-config/patch.ts';
import type { Seen } from '../look.ts';
import { count } from '../../core/count.ts';
import { expectSame, row, type ProbeRow } from '../probe-row.ts';
import type { PatroniSettings } from './settings.ts';
import type { PatroniState } from './state.ts';

/** Patroni: one leader that takes writes, every other a replica that keeps up, one cluster, nothing pending. */
export function probePatroni({
  hosts,
  settings,
  states,
  leaders,
  cluster,
}: Seen<PatroniSettings, PatroniState>): ProbeRow[] {
  const members = hosts.flatMap(({ name }) => {
    const found = states.get(name);
    return found ? [{ name, ...found }] : [];
  });
  const [leader] = leaders;
  // Who does not answer has a row of its own, and no identifier that could differ.
  const answering = members.flatMap(({ member }) => member ?? []);
  const identifiers = new Set(answering.map((member) => member.database_system_identifier ?? 'none'));
  const timelines = new Set(answering.map((member) => member.timeline ?? 'none'));
  const seen = members.find((member) => member.cluster)?.cluster;
  const wanted = hosts
    .map(({ name }) => name)
    .sort()
    .join(', ');
  return [
    expectSame('leader', leader ?? cluster.name, '1 leader', count(leaders.length, 'leader')),
    ...members.map((member) => probeRole(member, member.name === leader, settings)),
    ...members.map(({ name, member, silence }) =>
      expectSame('Patroni', name, 'running', member ? describe(member) : (silence ?? 'does not answer')),
    ),
    expectSame('system identifier', cluster.name, '1 identifier', count(identifiers.size, 'identifier')),
    expectSame('timeline', cluster.name, '1 timeline', count(timelines.size, 'timeline')),
    expectSame(
      'members',
      cluster.name,
      wanted,
      seen?.members
        .map(({ name }) => name)
        .sort()
        .join(', ') ?? 'not known',
    ),
    probeConfig(cluster.name, settings, members),
  ];
}

function describe({
  state,
  pending_restart: pending,
  pause,
  watchdog_failed: failed,
}: NonNullable<PatroniState['member']>): string {
  const more = [
    ...(pending ? ['waits for a restart'] : []),
    ...(pause ? ['paused'] : []),
    ...(failed ? ['watchdog failed'] : []),
  ];
  return [state, ...more].join(', ');
}

function probeRole(
  { name, member, primary, replica }: PatroniState & { name: string },
  leads: boolean,
  { noLoadBalance }: PatroniSettings,
): ProbeRow {
  const show = (status: number | undefined) => status ?? 'silent';
  if (leads) {
    const role = member?.role ?? 'unknown';
    const found = `/primary ${show(primary)}, role ${isPrimaryRole(role) ? 'primary' : role}`;
    return expectSame('role', name, '/primary 200, role primary', found);
  }
  const expected = `/replica ${noLoadBalance.has(name) ? 503 : 200}, /primary 503`;
  return expectSame('role', name, expected, `/replica ${show(replica)}, /primary ${show(primary)}`);
}

function probeConfig(cluster: string, { dcs }: PatroniSettings, members: readonly PatroniState[]): ProbeRow {
  const config = members.find((member) => member.config)?.config;
  if (!config) return row('DCS configuration', cluster, 'as in the inventory', 'not known', false);
  const { differences } = patchFor(dcs, config);
  const found = differences.map(({ key, before }) => `${key} is ${before ?? 'not set'}`).join(', ');
  return row(
    'DCS configuration',
    cluster,
    'as in the inventory',
    found || 'as in the inventory',
    found === '',
  );
}
