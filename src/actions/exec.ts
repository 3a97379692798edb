import pLimit from 'p-limit';
import { becomeOf } from '../config/become.ts';
import { beforeTheRun, scopeOf } from '../config/host-variables.ts';
import { exitCodes, messageOf, UnreachableError, worstExitCode, type ExitCode } from '../core/errors.ts';
import { Vault } from '../core/secrets.ts';
import { wrapScript } from '../engine/tasks/instance.ts';
import { HostRun } from '../engine/hosts/host-run.ts';
import { requireDescriptors } from '../transport/descriptors.ts';
import type { ConnectionOptions } from '../transport/target.ts';
import { Connector } from './connect.ts';
import { loadHosts, type InputOptions } from './load.ts';

interface ExecResult {
  readonly host: string;
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** There was more output, which was dropped. */
  readonly isCut?: true;
  /** Why the host could not be reached. */
  readonly error?: string;
}

interface ExecRequest {
  readonly pattern: string;
  readonly script: string;
  readonly input: InputOptions;
  readonly connection: ConnectionOptions;
  readonly forks: number;
  readonly become: boolean;
  /** Called for each host as its result comes in. */
  show(result: ExecResult): void;
}

/** Runs a command line on all hosts at once. Exit code 3 if it fails on one, 4 if one is unreachable. */
export async function execOnHosts(request: ExecRequest): Promise<ExitCode> {
  const { hosts, variables, keys } = loadHosts(request.pattern, request.input);
  requireDescriptors(hosts.length);
  const connector = new Connector(variables, request.connection, request.forks);
  const vault = new Vault();
  keys.maskIn(vault);
  const limit = pLimit(request.forks);
  const asWhom = (host: string) => {
    const scope = scopeOf(variables, host, () => beforeTheRun('facts are not collected'));
    const { become = request.become, user, method } = becomeOf(scope, host);
    const becomeUser = become && user !== 'root' ? user : undefined;
    return { script: wrapScript(request.script, { becomeUser, environment: {} }), become, method };
  };
  try {
    const codes = await Promise.all(
      hosts.map((host) =>
        limit(async (): Promise<ExitCode> => {
          try {
            const { script, become, method } = asWhom(host);
            const run = new HostRun(host, await connector.connect(host), vault, method);
            const { status, stdout, stderr, isCut } = await run.run(script, become, { mayBeCut: true });
            request.show({ host, status, stdout, stderr, ...(isCut && { isCut }) });
            await run.close();
            return status === 0 ? exitCodes.ok : exitCodes.taskFailed;
          } catch (error) {
            if (!(error instanceof UnreachableError)) throw error;
            request.show({ host, status: -1, stdout: '', stderr: '', error: messageOf(error) });
            return exitCodes.unreachable;
          }
        }),
      ),
    );
    return worstExitCode(codes);
  } finally {
    await connector.close();
  }
}
