import pLimit from 'p-limit';
import { becomeOf } from '../config/become.ts';
import { beforeTheRun, scopeOf } from '../config/host-variables.ts';
import { count } from '../core/count.ts';
import { InvalidInputError, UnreachableError } from '../core/errors.ts';
import { Vault } from '../core/secrets.ts';
import { runsOf, type JournalContent, type PastRun } from '../engine/journal/history.ts';
import { HostRun } from '../engine/hosts/host-run.ts';
import { parseJournal } from '../engine/journal/journal-line.ts';
import { runOfHolder } from '../engine/hosts/lock.ts';
import { readJournal } from '../shell/journal.ts';
import type { ConnectionOptions } from '../transport/target.ts';
import { Connector } from './connect.ts';
import { loadHosts, type InputOptions } from './load.ts';

export interface JournalRequest {
  readonly input: InputOptions;
  readonly connection: ConnectionOptions;
  readonly forks: number;
  readonly become: boolean;
  /** Called for unreachable hosts, and for lines that cannot be read. */
  warn(message: string): void;
}

/** The runs in the hosts' journals. */
export interface History {
  readonly runs: readonly PastRun[];
  /** Hosts that could not be reached. */
  readonly silent: readonly string[];
}

/** Reads the journals of all hosts in the inventory: all runs without diffs, or one run with them. */
export async function readHistory(request: JournalRequest, run?: string): Promise<History> {
  const { hosts, variables } = loadHosts('all', request.input);
  const connector = new Connector(variables, request.connection, request.forks);
  const limit = pLimit(request.forks);
  const silent: string[] = [];
  const becomes = (host: string) =>
    becomeOf(
      scopeOf(variables, host, () => beforeTheRun('facts are not collected')),
      host,
    );
  try {
    const journals = await Promise.all(
      hosts.map((name) =>
        limit(async (): Promise<JournalContent[]> => {
          try {
            const { become = request.become, method } = becomes(name);
            const host = new HostRun(name, await connector.connect(name), new Vault(), method);
            const journal = await readFrom(host, become, (message) => request.warn(message), run);
            await host.close();
            return [journal];
          } catch (error) {
            if (!(error instanceof UnreachableError)) throw error;
            silent.push(name);
            request.warn(error.message);
            return [];
          }
        }),
      ),
    );
    return { runs: runsOf(journals.flat()), silent };
  } finally {
    await connector.close();
  }
}

/** One of those runs; throws if it is in no journal. */
export function findRun({ runs, silent }: History, run: string): PastRun {
  const past = runs.find((each) => each.run === run);
  if (past) return past;
  if (silent.length > 0)
    throw new UnreachableError(
      `run ${run} is in no journal of the hosts that answer; ${silent.join(', ')} could not be asked`,
    );
  throw new InvalidInputError([
    { message: `no host’s journal knows a run ${run}`, hint: 'drover history lists them' },
  ]);
}

/** The runs in the journals of hosts that are connected already. */
export async function readRuns(
  hosts: readonly HostRun[],
  warn: (message: string) => void,
  run?: string,
): Promise<readonly PastRun[]> {
  return runsOf(await Promise.all(hosts.map((host) => readFrom(host, true, warn, run))));
}

async function readFrom(
  host: HostRun,
  become: boolean,
  warn: (message: string) => void,
  run: string | undefined,
): Promise<JournalContent> {
  const { stdout, stderr } = await host.run(readJournal(run), become);
  if (stderr.trim() !== '') warn(`${host.name}: ${stderr.trim()}${become ? '' : '; -b reads it as root'}`);
  const [holder = '', ...rest] = stdout.split('\n');
  const { lines, unreadable } = parseJournal(rest.join('\n'));
  if (unreadable > 0) warn(`${host.name}: ${count(unreadable, 'line')} of the journal cannot be read`);
  return { host: host.name, lines, holder: runOfHolder(holder) };
}
