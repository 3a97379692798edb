import { leaderOf } from '../clients/patroni/api.ts';
import { Ask } from '../components/ask.ts';
import { readCluster } from '../components/patroni/gate.ts';
import { patroni } from '../components/patroni/index.ts';
import type { Topology } from '../cluster/topology.ts';
import { measureWrites, Writer } from '../cluster/write-gap.ts';
import type { Emit } from '../engine/events.ts';
import type { RunView } from '../engine/run-options.ts';
import type { TaskReport } from '../engine/tasks/outcome.ts';

/** Whether a plan interrupts PostgreSQL on a member of a running cluster. */
export function interruptsPostgres(reports: readonly TaskReport[]): boolean {
  return reports.some(
    ({ play, instances }) =>
      play.rolling?.gate === patroni.name &&
      instances.some(({ outcome }) => outcome.changes.some(({ disrupts }) => disrupts !== undefined)),
  );
}

/** Writes rows through the entry point while a playbook is applied. */
export async function measurePlay(
  { fleet }: RunView,
  topology: Topology,
  id: string,
  emit: Emit,
  work: () => Promise<void>,
): Promise<void> {
  const leader = async () => {
    const cluster = await readCluster({ ...topology.of(patroni), ask: new Ask(fleet) });
    return cluster && leaderOf(cluster)?.name;
  };
  await measureWrites(new Writer(fleet, topology, `provision-${id}`), { emit, leader }, work);
}
