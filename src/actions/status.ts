import { clusterStatus } from '../cluster/status.ts';
import { takeSnapshot } from '../cluster/snapshot.ts';
import type { Topology } from '../cluster/topology.ts';
import { exitCodes, UnreachableError, type ExitCode } from '../core/errors.ts';
import type { Run } from '../engine/run.ts';

/** What the cluster looks like now. Exit code 7 unless it has exactly one leader. */
export async function readStatus(run: Run, topology: Topology) {
  const snapshot = await takeSnapshot(run.fleet, topology);
  if (run.fleet.connected().length === 0) throw new UnreachableError('no host can be reached');
  const exitCode: ExitCode = snapshot.leaders.length === 1 ? exitCodes.ok : exitCodes.unhealthy;
  return { status: clusterStatus(topology, snapshot), exitCode };
}
