import { isPrimaryRole, type PatroniMember } from '../../clients/patroni/api.ts';
import { splitOf } from '../../clients/patroni/leaders.ts';
import { patchFor } from '../../modules/patroni-config/patch.ts';
import { compareVersions } from '../../vars/helpers.ts';
import { probeDisks } from '../disk.ts';
import { soleLeader, type Seen } from '../look.ts';
import { count } from '../../core/count.ts';
import { expectSame, row, type ProbeRow } from '../probe-row.ts';
import type { PatroniSettings } from './settings.ts';
import { claimsIn, riftsIn, sharedPast, type PatroniState } from './state.ts';

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
  const sole = soleLeader({ leaders });
  const seen = members.find((member) => member.cluster)?.cluster;
  const wanted = hosts
    .map(({ name }) => name)
    .sort()
    .join(', ');
  return [
    probeLeaders(leader ?? cluster.name, states),
    ...(sole === undefined ? [] : members.map((member) => probeRole(member, member.name === sole, settings))),
    ...members.map(({ name, member, silence }) =>
      expectSame('Patroni', name, 'running', member ? describe(member) : (silence ?? 'does not answer')),
    ),
    probeSame('system identifier', cluster.name, members, (member) => member.database_system_identifier),
    probeSame('timeline', cluster.name, members, (member) => member.timeline),
    ...probeHistories(cluster.name, states, leader),
    expectSame(
      'members',
      cluster.name,
      wanted,
      seen?.members
        .map(({ name, host }) => {
          const planned = hosts.find((each) => each.name === name)?.address;
          return host === undefined || planned === undefined || host === planned
            ? name
            : `${name} at ${host}`;
        })
        .sort()
        .join(', ') ?? 'not known',
    ),
    probeConfig(cluster.name, settings, members),
    ...probeLock(
      cluster.name,
      members.flatMap(({ member }) => member ?? []),
    ),
    ...members.flatMap(({ name, disks }) => probeDisks('disk of PostgreSQL', name, disks, settings.disk)),
  ];
}

function probeLeaders(where: string, states: ReadonlyMap<string, PatroniState>): ProbeRow {
  const claims = claimsIn(states);
  const split = splitOf(claims, false);
  const found = count(claims.length, 'leader');
  return expectSame('leader', where, '1 leader', split ? `${found}: ${split.message}` : found);
}

/** Every member's data has been through what the leader's has; a row for each that has not. */
function probeHistories(
  cluster: string,
  states: ReadonlyMap<string, PatroniState>,
  leader: string | undefined,
): ProbeRow[] {
  const shared = sharedPast(states, leader);
  const others = [...states].filter(([name, { member }]) => member && name !== leader);
  const rifts = riftsIn(states, leader);
  if (rifts.length > 0) {
    const expected = `that of ${leader ?? cluster}`;
    return rifts.map(({ name, rift }) =>
      row('history', name, expected, `${rift}: drover reinit ${name} clones it again`, 'fail'),
    );
  }
  const unknown = others.filter(([, { history }]) => !history).map(([name]) => name);
  const isKnown = shared?.history !== undefined && unknown.length === 0;
  const found = isKnown
    ? `1 history of ${[...(leader === undefined ? [] : [leader]), ...others.map(([name]) => name)].join(', ')}`
    : `not known of ${[...unknown, ...(shared?.history ? [] : [leader ?? cluster])].join(', ')}`;
  return [row('history', cluster, '1 history', found, isKnown ? 'pass' : 'warn')];
}

/** Whether members tell one and the same. Who does not answer has a row of its own, and nothing that could differ. */
function probeSame(
  probe: string,
  where: string,
  members: readonly (PatroniState & { readonly name: string })[],
  of: (member: NonNullable<PatroniState['member']>) => string | number | undefined,
): ProbeRow {
  const told = members.flatMap(({ name, member }) =>
    member ? [{ name, value: String(of(member) ?? 'not known') }] : [],
  );
  const values = [...new Set(told.map(({ value }) => value))];
  const found = values.map((value) => {
    const names = told.filter((one) => one.value === value).map(({ name }) => name);
    return `${value} on ${names.join(', ')}`;
  });
  const isSame = values.length === 1 && values[0] !== 'not known';
  return row(probe, where, 'the same on all members', found.join('; ') || 'nobody answers', isSame);
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
    const found = `/primary ${show(primary)}, role ${role}`;
    return row('role', name, '/primary 200, role primary', found, primary === 200 && isPrimaryRole(role));
  }
  const expected = `/replica ${noLoadBalance.has(name) ? 503 : 200}, /primary 503`;
  return expectSame('role', name, expected, `/replica ${show(replica)}, /primary ${show(primary)}`);
}

/** Before 3.0.3 a leader that comes back takes the leader key from its successor (patroni#2689). */
function probeLock(cluster: string, members: readonly PatroniMember[]): ProbeRow[] {
  const [oldest] = members.map(({ patroni }) => patroni.version).sort(compareVersions);
  if (oldest === undefined) return [];
  const fails = compareVersions(oldest, '3.0.3') < 0;
  const found = fails
    ? `Patroni ${oldest}: taken from the successor by a leader that was frozen or cut off; acknowledged rows are lost; see patroni_repository`
    : `Patroni ${oldest}`;
  return [row('leader key', cluster, 'taken when it is free', found, fails ? 'warn' : 'pass')];
}

function probeConfig(cluster: string, { dcs }: PatroniSettings, members: readonly PatroniState[]): ProbeRow {
  const config = members.find((member) => member.config)?.config;
  if (!config) return row('DCS configuration', cluster, 'as in the inventory', 'not known', false);
  const { differences } = patchFor(dcs, config);
  const found = differences.map(({ key, before }) => `${key} is ${before ?? 'not set'}`).join(', ');
  return row('DCS configuration', cluster, 'as in the inventory', found || 'no difference', found === '');
}
