import { randomBytes } from 'node:crypto';
import { orphanedSlots } from '../../clients/patroni.ts';
import type { SqlAnswer } from '../../clients/sql.ts';
import { until } from '../../core/until.ts';
import type { Fleet } from '../../engine/hosts/fleet.ts';
import { Asker, firstRow as first, reasonOf } from '../asker.ts';
import { insertRow, removeRows, selectRows } from '../ledger.ts';
import { leadersOf, type Snapshot } from '../snapshot.ts';
import type { Node, Topology } from '../topology.ts';
import { expectSame, row, type ProbeRow } from '../probe-row.ts';

// How long a row may take to reach a replica before that counts as not replicating, in seconds.
const replicationPatience = 5;

/** PostgreSQL itself: roles, replication, slots, where the entry points lead, and a row that reaches every node. */
export async function probeSql(
  fleet: Fleet,
  topology: Topology,
  snapshot: Snapshot,
  readOnly: boolean,
): Promise<ProbeRow[]> {
  const leader = topology.postgres.find(({ name }) => name === leadersOf(snapshot)[0]);
  if (!leader) return [row('SQL', topology.cluster, 'a leader to ask', 'there is no leader', false)];
  const ask = new Asker(fleet, topology);
  const [recovery, replication, slots, entries, written] = await Promise.all([
    Promise.all(topology.postgres.map((node) => probeRecovery(ask, node, node === leader))),
    probeReplication(ask, topology, leader),
    probeSlots(ask, topology, leader),
    Promise.all(topology.haproxy.map((entry) => probeEntry(ask, topology, entry, leader))),
    readOnly ? [] : probeRow(ask, topology),
  ]);
  return [...recovery, replication, slots, ...entries.flat(), ...written];
}

async function probeRecovery(ask: Asker, node: Node, leads: boolean): Promise<ProbeRow> {
  const answer = await ask.node(node, 'SELECT pg_is_in_recovery() AS standby');
  const standby = first(answer)?.['standby'];
  const found = standby === true ? 'standby' : standby === false ? 'takes writes' : reasonOf(answer);
  return expectSame('PostgreSQL', node.name, leads ? 'takes writes' : 'standby', found);
}

async function probeReplication(ask: Asker, topology: Topology, leader: Node): Promise<ProbeRow> {
  const answer = await ask.node(
    leader,
    'SELECT application_name AS name, state, sync_state FROM pg_stat_replication ORDER BY 1',
  );
  const names = topology.postgres.map(({ name }) => name).filter((name) => name !== leader.name);
  const streaming = answer.answered ? answer.rows.filter((line) => line['state'] === 'streaming') : [];
  const streamers = new Set(streaming.map((line) => String(line['name'])));
  const missing = names.filter((name) => !streamers.has(name));
  const synchronous = streaming.some(
    (line) => line['sync_state'] === 'sync' || line['sync_state'] === 'quorum',
  );
  const expected = `${names.length} streaming${topology.synchronous ? ', one in sync' : ''}`;
  const found = answer.answered
    ? `${streamers.size} streaming${missing.length > 0 ? `, not ${missing.join(', ')}` : ''}${topology.synchronous && synchronous ? ', one in sync' : ''}`
    : answer.reason;
  return row(
    'replication',
    leader.name,
    expected,
    found,
    missing.length === 0 && (!topology.synchronous || synchronous || names.length === 0),
  );
}

async function probeSlots(ask: Asker, topology: Topology, leader: Node): Promise<ProbeRow> {
  const answer = await ask.node(
    leader,
    "SELECT slot_name AS name FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT active",
  );
  const members = topology.postgres.map(({ name }) => name);
  const orphans = answer.answered
    ? orphanedSlots(
        answer.rows.map((line) => String(line['name'])),
        members,
      )
    : [];
  const found = answer.answered
    ? orphans.length === 0
      ? 'no orphan'
      : `orphaned: ${orphans.join(', ')}`
    : answer.reason;
  return expectSame('slots', leader.name, 'no orphan', found);
}

const serverAddress = 'SELECT host(inet_server_addr()) AS address, pg_is_in_recovery() AS standby';

async function probeEntry(ask: Asker, topology: Topology, entry: Node, leader: Node): Promise<ProbeRow[]> {
  const { write, read } = topology.ports;
  const nameOf = (answer: SqlAnswer) => {
    const address = first(answer)?.['address'];
    return topology.postgres.find((node) => node.address === address)?.name ?? reasonOf(answer);
  };
  const replicas = topology.postgres.filter(
    ({ name }) => name !== leader.name && !topology.noLoadBalance.has(name),
  );
  const writes = await ask.ask(entry.name, entry.address, write, serverAddress);
  // Round robin reaches each once in as many connections; twice as many allow for those of others.
  const reads = await Promise.all(
    Array.from({ length: replicas.length * 2 }, () =>
      ask.ask(entry.name, entry.address, read, serverAddress),
    ),
  );
  const reached = [...new Set(reads.map(nameOf))].sort().join(', ');
  return [
    expectSame(`port ${write}`, entry.name, `leads to ${leader.name}`, `leads to ${nameOf(writes)}`),
    ...(replicas.length === 0
      ? []
      : [
          expectSame(
            `port ${read}`,
            entry.name,
            `leads to ${replicas
              .map(({ name }) => name)
              .sort()
              .join(', ')}`,
            `leads to ${reached}`,
          ),
        ]),
  ];
}

/** A row written through the entry point is read back on every node. */
async function probeRow(ask: Asker, topology: Topology): Promise<ProbeRow[]> {
  const run = `verify-${randomBytes(8).toString('hex')}`;
  const [entry] = topology.haproxy;
  const probe = 'row written';
  if (!entry) return [];
  const write = (statement: string) => ask.ask(entry.name, entry.address, topology.ports.write, statement);
  const written = await write(insertRow(run, 1));
  if (!written.answered) {
    return [row(probe, entry.name, `accepted at port ${topology.ports.write}`, reasonOf(written), false)];
  }
  const rows = await Promise.all(
    topology.postgres.map(async (node) =>
      expectSame(probe, node.name, 'read back', await awaitRow(ask, node, run)),
    ),
  );
  await write(removeRows(run));
  return rows;
}

async function awaitRow(ask: Asker, node: Node, run: string): Promise<string> {
  const waited = await until(
    async () => {
      const answer = await ask.node(node, selectRows(run));
      if (first(answer)?.['n'] === 1) return { done: 'read back' };
      return {
        missing: answer.answered ? `not there after ${replicationPatience} s` : reasonOf(answer),
      };
    },
    { within: replicationPatience, every: 100 },
  );
  return 'done' in waited ? waited.done : waited.missing;
}
