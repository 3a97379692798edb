import type { Topology } from '../cluster/topology.ts';
import { verifyCluster } from '../cluster/verify.ts';
import { exitCodes, type ExitCode } from '../core/errors.ts';
import type { Emit } from '../engine/events.ts';
import type { Run } from '../engine/run.ts';
import { topologyIn, withCluster, type ClusterRequest } from './cluster.ts';
import type { LoadedRun } from './load.ts';

// HAProxy, replication and Patroni's own loop need up to three of its cycles to settle after a change; in seconds.
const patienceAfterChange = 60;

/** Probes the cluster once. Exit code 7 when one fails. */
export function verify(request: ClusterRequest, readOnly: boolean): Promise<ExitCode> {
  return withCluster(request, (run, topology) =>
    probe(run, topology, { readOnly, patience: 0, signal: request.signal }, request.emit),
  );
}

/** Probes the cluster after a run that may have changed it. */
export async function verifyAfter(
  run: Run,
  loaded: LoadedRun,
  signal: AbortSignal,
  emit: Emit,
): Promise<ExitCode> {
  // Waiting does not bring an unreachable host back.
  const patience = run.fleet.unreachable.size === 0 ? patienceAfterChange : 0;
  return probe(run, topologyIn(run, loaded), { readOnly: false, patience, signal }, emit);
}

async function probe(
  run: Run,
  topology: Topology,
  options: Parameters<typeof verifyCluster>[2],
  emit: Emit,
): Promise<ExitCode> {
  emit({ type: 'phase', phase: 'verify' });
  const rows = await verifyCluster(run.fleet, topology, options);
  rows.forEach((row) => emit({ type: 'probe', ...row }));
  return rows.some((row) => row.verdict === 'fail') ? exitCodes.unhealthy : exitCodes.ok;
}
