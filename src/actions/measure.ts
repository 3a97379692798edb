import { leaderOf } from '../clients/patroni.ts';
import { readCluster } from '../components/patroni/gate.ts';
import type { Topology } from '../components/topology.ts';
import { refuseLoss, Writer } from '../cluster/write-gap.ts';
import type { Emit } from '../engine/events.ts';
import type { RunView } from '../engine/run-options.ts';
import type { TaskReport } from '../engine/tasks/outcome.ts';

/** Whether a plan interrupts PostgreSQL on a member of a running cluster. */
export function interruptsPostgres(reports: readonly TaskReport[]): boolean {
  return reports.some(
    ({ play, instances }) =>
      play.rolling?.gate === 'patroni' &&
      instances.some(({ outcome }) => outcome.changes.some(({ disrupts }) => disrupts !== undefined)),
  );
}

/** Writes rows through the entry point while `work` runs, and reports what became of them. */
export async function measureWrites(
  { fleet }: RunView,
  topology: Topology,
  id: string,
  emit: Emit,
  work: () => Promise<void>,
): Promise<void> {
  const writer = new Writer(fleet, topology, `provision-${id}`);
  await writer.takes();
  let isTaken = false;
  try {
    await work();
    isTaken = await writer.takes();
  } finally {
    const cluster = await readCluster({ fleet, topology });
    const report = await writer.stop(cluster && leaderOf(cluster)?.name);
    emit({ type: 'writes', ...report });
    // An earlier error is reported instead.
    if (isTaken) refuseLoss(report);
  }
}
