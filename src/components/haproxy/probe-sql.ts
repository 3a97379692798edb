import { randomBytes } from 'node:crypto';
import type { SqlAnswer } from '../../clients/sql.ts';
import { showSeconds } from '../../core/duration.ts';
import { until } from '../../core/until.ts';
import { insertRow, removeRows, selectRows } from '../ledger.ts';
import { soleLeader, type ProbeLook } from '../look.ts';
import type { ClusterHost } from '../place.ts';
import { firstRow, reasonOf, type DatabaseRole } from '../database-role.ts';
import { expectSame, row, type ProbeRow } from '../probe-row.ts';
import type { HaproxySettings } from './settings.ts';
import type { HaproxyState } from './state.ts';

// How long a row may take to reach a replica before that counts as not replicating, in seconds.
const replicationPatience = 5;

type EntryLook = ProbeLook<HaproxySettings, HaproxyState>;

/** Where the entry points lead, and a row that is sent through one and reaches every member. */
export async function probeEntries(look: EntryLook): Promise<ProbeRow[]> {
  const lead = soleLeader(look);
  const leader = look.cluster.members.find(({ name }) => name === lead);
  if (!leader) return [];
  const [entries, written] = await Promise.all([
    Promise.all(look.hosts.map((entry) => probeEntry(look, entry, leader))),
    look.readOnly ? [] : probeRow(look),
  ]);
  return [...entries.flat(), ...written];
}

const serverAddress = 'SELECT host(inet_server_addr()) AS address, pg_is_in_recovery() AS standby';

async function probeEntry(
  { settings, sql, cluster }: EntryLook,
  entry: ClusterHost,
  leader: ClusterHost,
): Promise<ProbeRow[]> {
  const { writePort, readPort } = settings;
  const nameOf = (answer: SqlAnswer) => {
    const address = firstRow(answer)?.['address'];
    return cluster.members.find((member) => member.address === address)?.name ?? reasonOf(answer);
  };
  const ask = (port: number) => sql.at(entry.name, entry.address, port, serverAddress);
  const replicas = cluster.readers.filter((name) => name !== leader.name);
  const writes = await ask(writePort);
  // Round robin reaches each once in as many connections; twice as many allow for those of others.
  const reads = await Promise.all(Array.from({ length: replicas.length * 2 }, () => ask(readPort)));
  const reached = [...new Set(reads.map(nameOf))].sort().join(', ');
  const wanted = replicas.toSorted().join(', ');
  return [
    expectSame(`port ${writePort}`, entry.name, `leads to ${leader.name}`, `leads to ${nameOf(writes)}`),
    ...(replicas.length === 0
      ? []
      : [expectSame(`port ${readPort}`, entry.name, `leads to ${wanted}`, `leads to ${reached}`)]),
  ];
}

/** A row written through the entry point is read back on every member. */
async function probeRow({ hosts: [entry], settings, sql, cluster }: EntryLook): Promise<ProbeRow[]> {
  const run = `verify-${randomBytes(8).toString('hex')}`;
  const probe = 'row written';
  if (!entry) return [];
  const write = (statement: string) => sql.at(entry.name, entry.address, settings.writePort, statement);
  const written = await write(insertRow(run, 1));
  if (!written.answered) {
    return [row(probe, entry.name, `accepted at port ${settings.writePort}`, reasonOf(written), false)];
  }
  const rows = await Promise.all(cluster.members.map((member) => awaitRow(sql, member, run)));
  await write(removeRows(run));
  return rows;
}

async function awaitRow(sql: DatabaseRole, member: ClusterHost, run: string): Promise<ProbeRow> {
  const began = performance.now();
  const waited = await until(
    async () => {
      const answer = await sql.on(member, selectRows(run));
      if (firstRow(answer)?.['n'] === 1) return { done: (performance.now() - began) / 1000 };
      return {
        missing: answer.answered ? `not there after ${replicationPatience} s` : reasonOf(answer),
      };
    },
    { within: replicationPatience, every: 100 },
  );
  const found = 'done' in waited ? `after ${showSeconds(waited.done)}` : waited.missing;
  return row('row written', member.name, 'read back', found, 'done' in waited);
}
