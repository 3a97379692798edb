import { disruptsOf, type PlayRequest } from '../actions/play.ts';
import type { ExitCode } from '../core/errors.ts';
import { newRunId } from '../core/run-id.ts';
import { withTimings } from '../output/timings.ts';
import type { ConnectionOptions } from '../transport/target.ts';
import { confirm } from './ask.ts';
import { bundledFile, bundledName } from './bundled.ts';
import { commandLine } from './command-line.ts';
import type { RunFlags } from './options.ts';
import { writeText } from './print.ts';
import { reporterOf } from './reporter.ts';
import { connectionOf, forksOf, inputOf, interruptSignal } from './request.ts';

/** What to play. `connection` is given if the user has already been asked for passwords. */
interface Playing {
  readonly verb: string;
  readonly playbook: string;
  readonly connection?: ConnectionOptions;
}

/** Runs an action that plays a playbook, with the options of the command line, and reports its progress. */
export async function runPlay<T>(
  { verb, playbook, connection }: Playing,
  flags: RunFlags,
  action: (request: PlayRequest) => Promise<T>,
): Promise<T> {
  const bundled = bundledName(playbook);
  const id = newRunId();
  const plain = await reporterOf(flags, id);
  const reporter = flags.timings ? withTimings(plain, (text) => writeText(process.stderr, text)) : plain;
  const request: PlayRequest = {
    id,
    command: commandLine(),
    verb,
    playbook,
    ...(bundled === undefined ? {} : { bundled }),
    input: await inputOf(flags),
    connection: connection ?? (await connectionOf(flags)),
    forks: forksOf(flags),
    become: flags.become ?? false,
    lockTimeout: flags.lockTimeout ?? 0,
    skipUnreachable: flags.skipUnreachable ?? false,
    planOnly: flags.check ?? false,
    signal: interruptSignal(),
    emit: (event) => reporter.event(event),
    confirm: (question, changes) => confirm(flags, reporter, question, disruptsOf(changes)),
  };
  try {
    return await action(request);
  } finally {
    await reporter.finish();
  }
}

/** An action that plays a playbook; after its request it takes the options. */
export type PlayAction = (request: PlayRequest, flags: never) => Promise<ExitCode>;

/** The handler of a verb that only runs such an action, on the playbook given as an argument or else on one of drover's. */
export function playing(verb: string, action: PlayAction, playbook = 'playbooks/site.yml') {
  return (...typed: unknown[]): Promise<ExitCode> => {
    const [named] = typed;
    const what = { verb, playbook: typeof named === 'string' ? named : bundledFile(playbook) };
    const flags = typed.at(-2) as RunFlags;
    return runPlay(what, flags, (request) => action(request, flags as never));
  };
}
