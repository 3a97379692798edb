import { clusterStatus } from '../cluster/status.ts';
import { takeSnapshot } from '../cluster/snapshot.ts';
import type { Topology } from '../cluster/topology.ts';
import { exitCodes, UnreachableError, type ExitCode } from '../core/errors.ts';
import type { Run } from '../engine/run.ts';

/** What the cluster looks like now. Exit code 7 unless it is whole. */
export async function readStatus(run: Run, topology: Topology) {
  const at = new Date();
  const snapshot = await takeSnapshot(run.fleet, topology);
  if (run.fleet.connected().length === 0) throw new UnreachableError('no host can be reached');
  const status = clusterStatus(topology, snapshot, at);
  const exitCode: ExitCode = status.whole ? exitCodes.ok : exitCodes.unhealthy;
  return { status, exitCode };
}
