import { join } from 'node:path';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { play } from '../../../src/actions/play.ts';
import { messageOf } from '../../../src/core/errors.ts';
import type { RunEvent } from '../../../src/engine/events.ts';
import type { Controller } from './controller.ts';

interface Settings {
  readonly limit?: string;
  readonly planOnly?: boolean;
  readonly become?: boolean;
}

/** What a whole run told, and its exit code or the error that ended it. */
export interface Played {
  readonly exitCode: number | undefined;
  readonly error: string;
  readonly events: readonly RunEvent[];
}

/** Runs a playbook over an inventory as the command line would, from the controller's home. */
export async function playOver(
  controller: Controller,
  inventory: string,
  playbook: string,
  { limit, planOnly = false, become = false }: Settings = {},
): Promise<Played> {
  const folder = mkdtempSync(join(controller.home, 'play-'));
  writeFileSync(join(folder, 'hosts.yml'), inventory);
  writeFileSync(join(folder, 'p.yml'), playbook);
  // To ssh, the controller's home is not the user's.
  const ssh = `-o UserKnownHostsFile=${controller.knownHosts} -i ${join(controller.home, '.ssh/id_ed25519')}`;
  const extraVars = [JSON.stringify({ ansible_ssh_common_args: ssh })];
  const events: RunEvent[] = [];
  const running = play({
    id: 'test',
    command: 'drover play',
    verb: 'play',
    playbook: join(folder, 'p.yml'),
    input: { inventory: [join(folder, 'hosts.yml')], limit, tags: [], skipTags: [], extraVars },
    connection: { timeout: 20_000, acceptNewHostKeys: false },
    forks: 10,
    become,
    lockTimeout: 120,
    skipUnreachable: false,
    planOnly,
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    confirm: () => Promise.resolve(true),
  });
  return running.then(
    (exitCode) => ({ exitCode, error: '', events }),
    (error: unknown) => ({ exitCode: undefined, error: messageOf(error), events }),
  );
}

/** The tasks of a run with what became of them. */
export function tasksOf({ events }: Played): string[] {
  return events.flatMap((event) =>
    event.type === 'task' ? [`${event.host} ${event.task}: ${event.status}`] : [],
  );
}
