import { serviceGroups, topologyOf, type Topology } from '../cluster/topology.ts';
import { maskError } from '../core/errors.ts';
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
  /** For verbs that take the lock: the command line as typed, and how long to wait for another run, in seconds. */
  readonly command?: string;
  readonly lockTimeout?: number;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** Connects to the hosts of the inventory's cluster and runs `work`; unreachable hosts are left out. */
export async function withCluster<T>(
  request: ClusterRequest,
  work: (run: Run, topology: Topology) => Promise<T>,
): Promise<T> {
  const loaded = loadRun(request.playbook, request.input, true);
  const vault = new Vault();
  loaded.keys.maskIn(vault);
  const secrets = new SecretKeeper(loaded, vault, true);
  const connector = new Connector(loaded.variables, request.connection, request.forks, request.signal);
  const run = new Run({
    ...request,
    command: request.command ?? 'drover',
    plays: loaded.plays,
    variables: loaded.variables,
    vault,
    keys: loaded.keys,
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
  } catch (error) {
    throw maskError(error, (text) => vault.redact(text));
  } finally {
    await run.close();
    await connector.close();
  }
}

export function topologyIn(run: RunView, { inventory }: LoadedRun): Topology {
  const groups = Object.fromEntries(serviceGroups.map((group) => [group, inventory.hostsOf(group)]));
  return topologyOf((host) => run.scope(host), groups);
}
