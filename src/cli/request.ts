import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import type { ClusterRequest } from '../actions/cluster.ts';
import type { JournalRequest } from '../actions/journals.ts';
import type { InputOptions } from '../actions/load.ts';
import { newRunId } from '../core/run-id.ts';
import type { RunEvent } from '../engine/events.ts';
import type { ConnectionOptions } from '../transport/target.ts';
import { askPassphrase, askPassword } from './ask.ts';
import { bundledFile } from './bundled.ts';
import type { BecomeFlags, InputFlags, LoginFlags } from './options.ts';
import { say } from './print.ts';
import { vaultPasswordsOf } from './vault-passwords.ts';

export async function inputOf(
  flags: InputFlags & { tags?: string[]; skipTags?: string[]; playbookDir?: string },
): Promise<InputOptions> {
  return {
    vaultPasswords: await vaultPasswordsOf(flags),
    inventory: flags.inventory,
    limit: flags.limit,
    extraVars: flags.extraVars,
    tags: flags.tags ?? [],
    skipTags: flags.skipTags ?? [],
    playbookDir: flags.playbookDir,
  };
}

export async function connectionOf(flags: LoginFlags): Promise<ConnectionOptions> {
  const password = flags.askPass ? await askPassword('Login password: ') : undefined;
  const becomePassword = flags.askBecomePass ? await askPassword('Become password: ') : undefined;
  return {
    ...(flags.timeout === undefined ? {} : { timeout: flags.timeout * 1000 }),
    acceptNewHostKeys: flags.acceptNewHostKeys ?? false,
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(flags.privateKey === undefined ? {} : { privateKey: flags.privateKey }),
    ...(password === undefined ? {} : { askedPassword: password }),
    ...(becomePassword === undefined ? {} : { askedBecomePassword: becomePassword }),
    ...(process.stdin.isTTY ? { askPassphrase } : {}),
  };
}

/** How many hosts to work on at once. Handshakes are short; the limit is the controller's own CPU. */
export function forksOf(flags: LoginFlags): number {
  return Math.floor(flags.forks ?? Math.max(32, availableParallelism() * 16));
}

/** A signal that the first Ctrl-C aborts; the second Ctrl-C ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  // Each host that is being connected to listens, as many as there are.
  setMaxListeners(0, controller.signal);
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      say('stopping at the next safe point; once more to stop at once');
      controller.abort();
    });
  }
  return controller.signal;
}

/** The request of a verb that works on the cluster described by the inventory. */
export async function clusterRequest(
  flags: InputFlags & LoginFlags,
  emit: (event: RunEvent) => void,
): Promise<ClusterRequest> {
  return {
    id: newRunId(),
    playbook: bundledFile('playbooks/site.yml'),
    input: await inputOf(flags),
    connection: await connectionOf(flags),
    forks: forksOf(flags),
    signal: interruptSignal(),
    emit,
  };
}

/** The request of a verb that reads the hosts' journals. */
export async function journalRequest(flags: InputFlags & LoginFlags & BecomeFlags): Promise<JournalRequest> {
  return {
    input: await inputOf(flags),
    connection: await connectionOf(flags),
    forks: forksOf(flags),
    become: flags.become ?? false,
    warn: say,
  };
}
