import { keepsSlotsOfGone, orphanedSlots } from '../../clients/patroni/api.ts';
import { soleLeader, type ProbeLook } from '../look.ts';
import type { ClusterHost } from '../place.ts';
import { DatabaseRole, firstRow, reasonOf } from '../database-role.ts';
import { expectSame, row, type ProbeRow } from '../probe-row.ts';
import type { PatroniSettings } from './settings.ts';
import type { PatroniState } from './state.ts';

type DatabaseLook = ProbeLook<PatroniSettings, PatroniState>;

/** PostgreSQL itself: roles, replication and slots. */
export async function probeSql(look: DatabaseLook): Promise<ProbeRow[]> {
  const { hosts, leaders, cluster, sql } = look;
  const lead = soleLeader(look);
  const leader = hosts.find(({ name }) => name === lead);
  if (!leader) {
    const found = leaders.length === 0 ? 'there is no leader' : `${leaders.join(' and ')} lead`;
    return [row('SQL', cluster.name, 'a leader to ask', found, false)];
  }
  const [recovery, ...rows] = await Promise.all([
    Promise.all(hosts.map((member) => probeRecovery(sql, member, member === leader))),
    probeReplication(look, leader),
    probeSlots(look, leader),
    probePasswords(look, leader),
  ]);
  return [...recovery, ...rows];
}

/** Who is connected stays so with another password, and cannot connect again: replicas, and Patroni itself. */
async function probePasswords({ ask, settings }: DatabaseLook, leader: ClusterHost): Promise<ProbeRow> {
  const { superuser, replication, postgresPort: port } = settings;
  const answers = [superuser, replication].map(async (login) => {
    const answer = await new DatabaseRole(ask, { ...login, port }).on(leader, 'SELECT 1');
    if (answer.answered) return [];
    // It needs no database: that a line of postgres_hba_extra keeps it out of one says nothing of its password.
    const isShutOut = answer.code === '28000' && answer.reason.includes('pg_hba.conf');
    const isGrave = !isShutOut || login === superuser;
    const wayOut =
      login === superuser
        ? `set it on ${leader.name}: runuser -u postgres -- psql, \\password ${login.user}`
        : 'drover provision sets it again';
    return [{ isGrave, reason: `${answer.reason}${answer.code === '28P01' ? `; ${wayOut}` : ''}` }];
  });
  const faults = (await Promise.all(answers)).flat();
  const found = `${superuser.user} and ${replication.user} log in`;
  const expected = 'those in secrets.yml';
  const reasons = faults.map(({ reason }) => reason).join('; ');
  const verdict = faults.length === 0 || (faults.some(({ isGrave }) => isGrave) ? 'fail' : 'warn');
  return row('passwords', leader.name, expected, reasons || found, verdict);
}

async function probeRecovery(sql: DatabaseRole, member: ClusterHost, leads: boolean): Promise<ProbeRow> {
  const answer = await sql.on(member, 'SELECT pg_is_in_recovery() AS standby');
  const standby = firstRow(answer)?.['standby'];
  const found = standby === true ? 'standby' : standby === false ? 'takes writes' : reasonOf(answer);
  return expectSame('PostgreSQL', member.name, leads ? 'takes writes' : 'standby', found);
}

async function probeReplication(
  { sql, hosts, settings }: DatabaseLook,
  leader: ClusterHost,
): Promise<ProbeRow> {
  const answer = await sql.on(
    leader,
    'SELECT application_name AS name, state, sync_state FROM pg_stat_replication ORDER BY 1',
  );
  const names = hosts.map(({ name }) => name).filter((name) => name !== leader.name);
  const streaming = answer.answered ? answer.rows.filter((line) => line['state'] === 'streaming') : [];
  const streamers = new Set(streaming.map((line) => String(line['name'])));
  const missing = names.filter((name) => !streamers.has(name));
  const synchronous = streaming.some(
    (line) => line['sync_state'] === 'sync' || line['sync_state'] === 'quorum',
  );
  const expected = `${names.length} streaming${settings.synchronous ? ', one in sync' : ''}`;
  const found = answer.answered
    ? `${streamers.size} streaming${missing.length > 0 ? `, not ${missing.join(', ')}` : ''}${settings.synchronous && synchronous ? ', one in sync' : ''}`
    : answer.reason;
  return row(
    'replication',
    leader.name,
    expected,
    found,
    missing.length === 0 && (!settings.synchronous || synchronous || names.length === 0),
  );
}

async function probeSlots({ sql, hosts, states }: DatabaseLook, leader: ClusterHost): Promise<ProbeRow> {
  const answer = await sql.on(
    leader,
    "SELECT slot_name AS name FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT active",
  );
  if (!answer.answered) return row('slots', leader.name, 'no orphan', answer.reason, false);
  const members = hosts.map(({ name }) => name);
  const slots = answer.rows.map((line) => String(line['name']));
  const orphans = orphanedSlots(slots, members);
  if (orphans.length === 0)
    return row('slots', leader.name, 'no orphan', `${slots.length} inactive, each a member’s`, true);
  const { member, config } = states.get(leader.name) ?? {};
  const goes = keepsSlotsOfGone(member?.patroni.version, config);
  const found = `orphaned: ${orphans.join(', ')}${goes ? '; goes after member_slots_ttl' : ''}`;
  return row('slots', leader.name, 'no orphan', found, goes ? 'warn' : 'fail');
}
