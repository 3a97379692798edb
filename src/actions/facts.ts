import { exitCodes, UnreachableError, type ExitCode } from '../core/errors.ts';
import { Vault } from '../core/secrets.ts';
import { HostRun } from '../engine/hosts/host-run.ts';
import { needHost, type HostFact } from '../facts/host.ts';
import type { ConnectionOptions } from '../transport/target.ts';
import { Connector } from './connect.ts';
import { loadHosts, type InputOptions } from './load.ts';

interface FactsRequest {
  readonly pattern: string;
  readonly input: InputOptions;
  readonly connection: ConnectionOptions;
  readonly forks: number;
  unreachable(message: string): void;
}

/** Collects the hosts' own facts. */
export async function readFacts(
  request: FactsRequest,
): Promise<{ exitCode: ExitCode; hosts: Record<string, HostFact> }> {
  const { hosts, variables } = loadHosts(request.pattern, request.input);
  const connector = new Connector(variables, request.connection, request.forks);
  const found: Record<string, HostFact> = {};
  let exitCode: ExitCode = exitCodes.ok;
  try {
    await Promise.all(
      hosts.map(async (host) => {
        try {
          const run = new HostRun(host, await connector.connect(host), new Vault());
          await run.collect([needHost], false);
          if (run.fact) found[host] = run.fact;
          await run.close();
        } catch (error) {
          if (!(error instanceof UnreachableError)) throw error;
          exitCode = exitCodes.unreachable;
          request.unreachable(error.message);
        }
      }),
    );
  } finally {
    await connector.close();
  }
  return {
    exitCode,
    hosts: Object.fromEntries(hosts.flatMap((host) => (found[host] ? [[host, found[host]]] : []))),
  };
}
