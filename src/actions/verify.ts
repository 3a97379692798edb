import { leadersOf, takeSnapshot } from '../cluster/snapshot.ts';
import { serviceGroups, topologyOf, type Topology } from '../cluster/topology.ts';
import { verifyCluster } from '../cluster/verify.ts';
import { exitCodes, UnreachableError, type ExitCode } from '../core/errors.ts';
import { Vault } from '../core/secrets.ts';
import type { Emit } from '../engine/events.ts';
import { Run } from '../engine/run.ts';
import type { RunView } from '../engine/run-options.ts';
import type { ConnectionOptions } from '../transport/target.ts';
import { Connector } from './connect.ts';
import { loadRun, type InputOptions, type LoadedRun } from './load.ts';
import { SecretKeeper } from './secrets.ts';

export interface ClusterRequest {
  readonly id: string;
  readonly playbook: string;
  readonly input: InputOptions;
  readonly connection: ConnectionOptions;
  readonly forks: number;
  /** As it was typed, and how long to wait for another run: for those who take the lock. */
  readonly command?: string;
  readonly lockTimeout?: number;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

// After a change HAProxy, replication and Patroni's own loop take up to three of its cycles to settle, in seconds.
const patienceAfterChange = 60;

/** The cluster that the inventory describes, with its hosts connected; those that can't be reached are left out. */
export async function withCluster<T>(
  request: ClusterRequest,
  work: (run: Run, topology: Topology) => Promise<T>,
): Promise<T> {
  const loaded = loadRun(request.playbook, request.input, true);
  const vault = new Vault();
  const secrets = new SecretKeeper(loaded, vault, true);
  const connector = new Connector(loaded.variables, request.connection, request.forks);
  const run = new Run({
    ...request,
    command: request.command ?? 'drover',
    plays: loaded.plays,
    variables: loaded.variables,
    vault,
    secrets: secrets.layer,
    become: true,
    lockTimeout: request.lockTimeout ?? 0,
    skipUnreachable: true,
    connect: connector.connect,
    selects: () => true,
    confirm: () => Promise.resolve(false),
  });
  try {
    await run.connect();
    await run.collectFacts();
    await secrets.prepare(run.fleet);
    return await work(run, topologyIn(run, loaded));
  } finally {
    await run.close();
    await connector.close();
  }
}

export function topologyIn(run: RunView, { inventory }: LoadedRun): Topology {
  const groups = Object.fromEntries(serviceGroups.map((group) => [group, inventory.hostsOf(group)]));
  return topologyOf((host) => run.scope(host), groups);
}

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
  // A host that is out of reach does not come back by waiting.
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

/** What the cluster looks like now. */
export async function readStatus(run: Run, topology: Topology) {
  const snapshot = await takeSnapshot(run.fleet, topology);
  if (run.fleet.connected().length === 0) throw new UnreachableError('no host can be reached');
  return { snapshot, leaders: leadersOf(snapshot) };
}
