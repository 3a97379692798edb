import { haproxy } from '../components/haproxy/index.ts';
import { patroni } from '../components/patroni/index.ts';
import { exitCodes, type ExitCode } from '../core/errors.ts';
import { topologyIn } from './cluster.ts';
import { play, type PlayRequest } from './play.ts';
import { rebalanceAfter } from './rebalance.ts';
import { verifyAfter } from './verify.ts';

/** How to connect to a cluster that is ready. */
export interface Access {
  readonly cluster: string;
  readonly secretsFile: string;
  readonly admin: string;
  readonly addresses: readonly string[];
  readonly writePort: number;
  readonly readPort: number;
}

export interface Provisioned {
  readonly exitCode: ExitCode;
  /** Only after a verification without findings. */
  readonly access?: Access;
}

/** Plays site.yml, moves etcd's leader off the database leader's host, and verifies the cluster. */
export async function provision(
  request: PlayRequest,
  options: { readonly verify: boolean },
): Promise<Provisioned> {
  let access: Access | undefined;
  const exitCode = await play({
    ...request,
    async afterwards(run, loaded) {
      await rebalanceAfter(run, loaded, request);
      if (!options.verify) return exitCodes.ok;
      const topology = topologyIn(run, loaded);
      const { clientAddresses, writePort, readPort } = topology.of(haproxy).settings;
      access = {
        cluster: topology.cluster,
        secretsFile: `${loaded.inventory.folder}/secrets.yml`,
        admin: topology.of(patroni).settings.admin,
        addresses: clientAddresses,
        writePort,
        readPort,
      };
      return verifyAfter(run, loaded, request.signal, request.emit);
    },
  });
  return { exitCode, ...(access && exitCode === exitCodes.ok ? { access } : {}) };
}
