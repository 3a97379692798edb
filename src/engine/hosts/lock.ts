import { hostname, userInfo } from 'node:os';
import { InvalidInputError, LockHeldError, UnreachableError } from '../../core/errors.ts';
import { until, type Look } from '../../core/until.ts';
import type { Emit } from '../events.ts';
import type { HostRun } from './host-run.ts';

/** Milliseconds between two attempts, and as many more at random. */
const retryInterval = 500;

/** Who runs drover, and where. */
export function operator(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** Who holds a lock, for those who wait for it. */
export function describeHolder(run: string, command: string): string {
  return `run ${run}: ${operator()}, ${command}, since ${new Date().toISOString()}`;
}

/** The run that such a description is of. */
export function runOfHolder(holder: string): string | undefined {
  return /^run (\w+):/.exec(holder)?.[1];
}

export interface LockOptions {
  /** Who takes it, for those who wait. */
  readonly holder: string;
  /** Seconds to wait for whoever holds it. */
  readonly timeout: number;
  readonly emit: Emit;
  /** Throws when the run is to stop. */
  readonly checkpoint: () => void;
  /** Goes on without a host on which nobody can be root; throws where the run needs it. */
  readonly lose: (host: string, error: UnreachableError) => void;
}

/**
 * Takes the lock of all hosts, or of none: two runs that each hold a part would wait for each other for ever. The
 * locks go with their sessions. Resolves to whether somebody else's run had to be waited for.
 */
export async function lockHosts(
  hosts: readonly HostRun[],
  { holder, timeout, emit, checkpoint, lose }: LockOptions,
): Promise<boolean> {
  const left = new Set(hosts);
  const tryAll = () =>
    lockAll([...left], holder, (host, error) => {
      lose(host.name, error);
      left.delete(host);
    });
  const waited = await until(tryAll, {
    within: timeout,
    every: retryInterval,
    jitter: retryInterval,
    waiting: (locked, looks) => {
      if (looks === 1 && timeout > 0)
        emit({ type: 'warning', message: `${locked}; waiting for up to ${timeout} s` });
    },
    checkpoint,
  });
  if ('done' in waited) return waited.looks > 1;
  throw new LockHeldError(waited.missing, {
    hint: 'it goes when that run ends; --lock-timeout SECONDS waits longer',
  });
}

async function lockAll(
  hosts: readonly HostRun[],
  holder: string,
  lose: (host: HostRun, error: UnreachableError) => void,
): Promise<Look<true>> {
  const tries = await Promise.all(hosts.map((host) => tryToLock(host, holder)));
  for (const { host, error } of tries) if (error) lose(host, error);
  const results = tries.filter(({ error }) => !error);
  const busy = results.filter((result) => !result.held);
  const [first] = busy;
  if (!first) return { done: true };
  await Promise.all(results.filter((result) => result.held).map(({ host }) => host.unlock()));
  refuseTwins(
    await Promise.all(results.map(async ({ host }) => ({ name: host.name, place: await host.lockPlace() }))),
  );
  const names = busy.map(({ host }) => host.name).join(', ');
  return { missing: `${names}: locked by ${first.holder === '' ? 'another run' : first.holder}` };
}

async function tryToLock(host: HostRun, holder: string) {
  try {
    return { host, error: undefined, ...(await host.lock(holder)) };
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    return { host, error, held: false, holder: '' };
  }
}

/** Two names of one machine would wait for each other's lock. */
function refuseTwins(hosts: readonly { readonly name: string; readonly place: string }[]): void {
  const names = new Map<string, string[]>();
  for (const { name, place } of hosts) names.set(place, [...(names.get(place) ?? []), name]);
  const twins = [...names.values()].find((each) => each.length > 1)?.sort();
  if (!twins) return;
  throw new InvalidInputError([
    {
      message: `${twins.slice(0, -1).join(', ')} and ${twins.at(-1) ?? ''} are the same machine`,
      hint: 'give it one name in the inventory, which may be in several groups',
    },
  ]);
}
