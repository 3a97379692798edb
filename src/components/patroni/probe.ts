import { isPrimaryRole } from '../../clients/patroni.ts';
import { patchFor } from '../../modules/patroni-config/patch.ts';
import { leadersOf, type PatroniSnapshot, type Snapshot } from '../snapshot.ts';
import type { Topology } from '../topology.ts';
import { expectSame, plural, row, type ProbeRow } from '../probe-row.ts';

/** Patroni: one leader that takes writes, every other a replica that keeps up, one cluster, nothing pending. */
export function probePatroni(topology: Topology, snapshot: Snapshot): ProbeRow[] {
  const members = topology.postgres.flatMap(({ name }) => {
    const found = snapshot.patroni.get(name);
    return found ? [{ name, ...found }] : [];
  });
  const leaders = leadersOf(snapshot);
  const [leader] = leaders;
  // Who does not answer has a row of its own, and no identifier that could differ.
  const answering = members.flatMap(({ member }) => member ?? []);
  const identifiers = new Set(answering.map((member) => member.database_system_identifier ?? 'none'));
  const timelines = new Set(answering.map((member) => member.timeline ?? 'none'));
  const seen = members.find(({ cluster }) => cluster)?.cluster;
  const wanted = topology.postgres
    .map(({ name }) => name)
    .sort()
    .join(', ');
  return [
    expectSame('leader', leader ?? topology.cluster, '1 leader', plural(leaders.length, 'leader')),
    ...members.map((member) => probeRole(member, member.name === leader, topology)),
    ...members.map(({ name, member, silence }) =>
      expectSame('Patroni', name, 'running', member ? describe(member) : (silence ?? 'does not answer')),
    ),
    expectSame('system identifier', topology.cluster, '1 identifier', plural(identifiers.size, 'identifier')),
    expectSame('timeline', topology.cluster, '1 timeline', plural(timelines.size, 'timeline')),
    expectSame(
      'members',
      topology.cluster,
      wanted,
      seen?.members
        .map(({ name }) => name)
        .sort()
        .join(', ') ?? 'not known',
    ),
    probeConfig(topology, members),
  ];
}

function describe({
  state,
  pending_restart: pending,
  pause,
  watchdog_failed: failed,
}: NonNullable<PatroniSnapshot['member']>): string {
  const more = [
    ...(pending ? ['waits for a restart'] : []),
    ...(pause ? ['paused'] : []),
    ...(failed ? ['watchdog failed'] : []),
  ];
  return [state, ...more].join(', ');
}

function probeRole(
  { name, member, primary, replica }: PatroniSnapshot & { name: string },
  leads: boolean,
  { noLoadBalance }: Topology,
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

function probeConfig(topology: Topology, members: readonly PatroniSnapshot[]): ProbeRow {
  const config = members.find((member) => member.config)?.config;
  if (!config) return row('DCS configuration', topology.cluster, 'as in the inventory', 'not known', false);
  const { differences } = patchFor(topology.dcs, config);
  const found = differences.map(({ key, before }) => `${key} is ${before ?? 'not set'}`).join(', ');
  return row(
    'DCS configuration',
    topology.cluster,
    'as in the inventory',
    found || 'as in the inventory',
    found === '',
  );
}
