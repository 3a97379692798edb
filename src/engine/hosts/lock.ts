import { hostname, userInfo } from 'node:os';
import { LockHeldError } from '../../core/errors.ts';
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

/**
 * Takes the lock of all hosts, or of none: two runs that each hold a part would wait for each other for ever. The
 * locks go with their sessions. Resolves to whether somebody else's run had to be waited for.
 */
export async function lockHosts(
  hosts: readonly HostRun[],
  holder: string,
  timeoutSeconds: number,
  emit: Emit,
  checkpoint: () => void,
): Promise<boolean> {
  const waited = await until(() => lockAll(hosts, holder), {
    within: timeoutSeconds,
    every: retryInterval,
    jitter: retryInterval,
    waiting: (locked, looks) => {
      if (looks === 1 && timeoutSeconds > 0)
        emit({ type: 'warning', message: `${locked}; waiting for up to ${timeoutSeconds} s` });
    },
    checkpoint,
  });
  if ('done' in waited) return waited.looks > 1;
  throw new LockHeldError(waited.missing, {
    hint: 'it goes when that run ends; --lock-timeout SECONDS waits longer',
  });
}

async function lockAll(hosts: readonly HostRun[], holder: string): Promise<Look<true>> {
  const results = await Promise.all(hosts.map(async (host) => ({ host, ...(await host.lock(holder)) })));
  const busy = results.filter((result) => !result.held);
  const [first] = busy;
  if (!first) return { done: true };
  await Promise.all(results.filter((result) => result.held).map(({ host }) => host.unlock()));
  const names = busy.map(({ host }) => host.name).join(', ');
  return { missing: `${names}: locked by ${first.holder === '' ? 'another run' : first.holder}` };
}
