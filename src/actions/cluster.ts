import { serviceGroups, topologyOf, type Topology } from '../components/topology.ts';
import { Vault } from '../core/secrets.ts';
import type { Emit } from '../engine/events.ts';
import { Run } from '../engine/run.ts';
import type { RunView } from '../engine/run-options.ts';
import type { ConnectionOptions } from '../transport/target.ts';
import { Connector } from './connect.ts';
import { loadRun, type InputOptions, type LoadedRun } from './load.ts';
import { SecretKeeper } from './secrets.ts';

/** How to reach the cluster that an inventory describes. */
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
