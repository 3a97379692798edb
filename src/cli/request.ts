import { availableParallelism } from 'node:os';
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { disruptsOf, type PlayRequest } from '../actions/play.ts';
import type { InputOptions } from '../actions/load.ts';
import { UsageError } from '../core/errors.ts';
import { newRunId } from '../core/run-id.ts';
import { maskBySound } from '../core/secrets.ts';
import { jsonLines } from '../output/json-lines.ts';
import type { Reporter } from '../output/reporter.ts';
import { textReporter } from '../output/text.ts';
import { withTimings } from '../output/timings.ts';
import type { ConnectionOptions } from '../transport/target.ts';
import { askPassword, askYesNo } from './ask.ts';
import type { ConnectionFlags, InputFlags, OperationFlags, RunFlags } from './options.ts';

/** A file that comes with drover: `playbooks/site.yml`. */
export function bundledFile(path: string): string {
  // The bundle lies in dist/, the sources in src/cli/.
  const here = import.meta.dirname;
  const roots = [join(here, '..'), join(here, '..', '..')];
  const root = roots.find((candidate) => existsSync(join(candidate, 'package.json'))) ?? here;
  return join(root, path);
}

export function inputOf(flags: InputFlags & { tags?: string[]; skipTags?: string[] }): InputOptions {
  return {
    inventory: flags.inventory,
    limit: flags.limit,
    extraVars: flags.extraVars,
    tags: flags.tags ?? [],
    skipTags: flags.skipTags ?? [],
  };
}

export async function connectionOf(flags: ConnectionFlags): Promise<ConnectionOptions> {
  const password = flags.askPass ? await askPassword('Login password: ') : undefined;
  const becomePassword = flags.askBecomePass ? await askPassword('sudo password: ') : undefined;
  return {
    timeout: flags.timeout * 1000,
    acceptNewHostKeys: flags.acceptNewHostKeys ?? false,
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(flags.privateKey === undefined ? {} : { privateKey: flags.privateKey }),
    ...(password === undefined ? {} : { askedPassword: password }),
    ...(becomePassword === undefined ? {} : { askedBecomePassword: becomePassword }),
  };
}

/** Handshakes are short; what limits is the controller's own work. */
export function forksOf(flags: ConnectionFlags): number {
  return Math.floor(flags.forks ?? Math.max(32, availableParallelism() * 16));
}

/** Writes what comes in one go of the event loop with one call of the system. */
function writeTogether(stream: NodeJS.WriteStream): (text: string) => void {
  return (text) => {
    if (stream.writableCorked === 0) {
      stream.cork();
      process.nextTick(() => {
        stream.uncork();
      });
    }
    stream.write(text);
  };
}

export async function reporterOf(
  flags: ConnectionFlags & { diff?: boolean },
  run: string,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<Reporter> {
  if (flags.json) return jsonLines(run, writeTogether(process.stdout));
  if (stream.isTTY && process.env['TERM'] !== 'dumb' && flags.verbose === 0) {
    const { liveReporter } = await import('../output/live.ts');
    return liveReporter(
      { colour: useColour(flags.color, stream), verbosity: 0, diff: flags.diff ?? false },
      stream,
    );
  }
  return textReporter({
    colour: useColour(flags.color, stream),
    verbosity: flags.verbose,
    diff: flags.diff ?? false,
    write: (text) => stream.write(text),
  });
}

export function useColour(wanted: boolean, stream: NodeJS.WriteStream): boolean {
  return wanted && stream.isTTY && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb';
}

/** A signal that the first Ctrl-C raises; the second ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      process.stderr.write('stopping at the next safe point; once more to stop at once\n');
      controller.abort();
    });
  }
  return controller.signal;
}

/**
 * As it was typed, for the journal and for those who wait for the lock. Values of variables may be secret, and are
 * left out; those of other settings are masked by their names.
 */
export function commandLine(args: readonly string[] = process.argv.slice(2)): string {
  return args.reduce((line, arg, index) => {
    const own = /^(-[bkvyCDK]*e|--extra-vars=)(.+)$/s.exec(arg);
    if (own) return `${line} ${own[1] ?? ''}${withoutValues(own[2] ?? '')}`;
    const isValue = /^(-[bkvyCDK]*e|--extra-vars)$/.test(args[index - 1] ?? '');
    return `${line} ${isValue ? withoutValues(arg) : maskBySound(arg)}`;
  }, 'drover');
}

function withoutValues(variables: string): string {
  if (variables.startsWith('@')) return variables;
  const names = [...variables.matchAll(/(?:^|\s)([a-zA-Z_]\w*)=/g)].map(([, name]) => `${name ?? ''}=…`);
  return names.length === 0 ? '…' : names.join(' ');
}

/** Where a playbook is within drover; undefined for one of the user's. */
function bundledName(playbook: string): string | undefined {
  const path = relative(bundledFile('.'), resolve(playbook));
  return path.startsWith('playbooks/') ? path : undefined;
}

/** Everything a run of a playbook takes, from the command line. */
export async function playRequest(
  verb: string,
  playbook: string,
  flags: RunFlags,
  planOnly: boolean,
  connection?: ConnectionOptions,
): Promise<PlayRequest & { reporter: Reporter }> {
  const bundled = bundledName(playbook);
  const id = newRunId();
  const reporter = await reporterOf(flags, id);
  const shown = flags.timings ? withTimings(reporter, (text) => process.stderr.write(text)) : reporter;
  return {
    id,
    command: commandLine(),
    verb,
    playbook,
    ...(bundled === undefined ? {} : { bundled }),
    input: inputOf(flags),
    connection: connection ?? (await connectionOf(flags)),
    forks: forksOf(flags),
    become: flags.become ?? false,
    lockTimeout: flags.lockTimeout,
    skipUnreachable: flags.skipUnreachable ?? false,
    planOnly: planOnly || (flags.check ?? false),
    signal: interruptSignal(),
    emit: (event) => shown.event(event),
    reporter: shown,
    confirm: (question, changes) => confirm(flags, shown, question, disruptsOf(changes)),
  };
}

/** Asks before what disrupts, once everything that was told is on the screen. */
export async function confirm(
  { yes }: Pick<OperationFlags, 'yes'>,
  shown: Reporter,
  question: string,
  disrupts: readonly string[],
): Promise<boolean> {
  if (yes) return true;
  await shown.finish();
  const text = [question, ...disrupts.map((line) => `  ${line}`)].join('\n');
  if (!process.stdin.isTTY) throw new UsageError(text, { hint: 'add -y to go ahead without being asked' });
  return askYesNo(`${text}\nGo ahead?`);
}
