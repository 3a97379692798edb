// The command line: verbs, options, questions, exit codes. What a verb does is in actions/.
import { CommanderError, Option } from 'commander';
import { config as configureZod } from 'zod';
import { DroverError, exitCodes, InvalidInputError, type ExitCode } from '../core/errors.ts';
import { describeSystemError, isSystemError } from '../core/system-error.ts';
import { handlersFor } from './handlers.ts';
import { say, writeText } from './print.ts';
import { fillIn } from './settings.ts';
import { explainFlag, refuseVerb } from './signposts.ts';
import { Verb } from './verb.ts';
import { addAbout } from './verbs/about.ts';
import { addHostVerbs } from './verbs/hosts.ts';
import { addLab } from './verbs/lab.ts';
import { addOperations } from './verbs/operations.ts';
import { addRuns } from './verbs/runs.ts';
import { addViews } from './verbs/views.ts';

// Compiling a schema pays off from a few hundred values on: a run has fewer and cannot keep the compiled code.
configureZod({ jitless: true });

/** Parses the command line, runs one verb, and turns an error into a message and an exit code. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const program = describeVerbs((run) => run().then((code) => void (exitCode = code)));
  try {
    await program.parseAsync([...argv]);
    return exitCode;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof DroverError) {
    const hint = error.hint === undefined ? '' : `\n  ${error.hint}`;
    const label = error instanceof InvalidInputError ? '' : 'drover: ';
    say(`${label}${error.message}${hint}`);
    return error.exitCode;
  }
  if (isSystemError(error)) {
    say(`drover: ${describeSystemError(error)} (${error.syscall ?? 'a file'} on this machine)`);
    return exitCodes.internal;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  say(`drover: internal error, please report it: ${detail}`);
  return exitCodes.internal;
}

/** The verbs, in the order of the help; `run` runs what one of them does. */
export function describeVerbs(run: (action: () => Promise<ExitCode>) => Promise<void>): Verb {
  const program = new Verb('drover')
    .description('Provisions, changes and proves highly available PostgreSQL over plain SSH.')
    .addOption(new Option('-V, --version', 'print the version'))
    .helpOption('-h, --help', 'print this')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => writeText(process.stdout, text),
      writeErr: (text) => writeText(process.stderr, text),
      outputError: (text, write) => write(`${text}${explainFlag(text)}`),
    })
    .hook('preAction', (_program, verb) => fillIn(verb, process.env))
    .enablePositionalOptions()
    .showHelpAfterError('(options go after the verb; drover --help lists the verbs)')
    .example('drover validate -i prod.yml', 'checks an inventory, offline')
    .example('drover provision -i prod.yml', 'makes the cluster it describes')
    .example('drover status -i prod.yml', 'shows how the cluster is');
  const handlers = handlersFor(run);
  addRuns(program.commandsGroup('Set up and change:'), handlers);
  addViews(program.commandsGroup('Look:'), handlers);
  addOperations(program.commandsGroup('Operate a running cluster:'), handlers);
  addHostVerbs(program.commandsGroup('Hosts and inventories:'), handlers);
  addLab(program.commandsGroup('Try out:'), handlers);
  addAbout(program.commandsGroup('About drover:'), handlers);
  for (const parent of [program, ...program.verbs.filter(({ verbs }) => verbs.length > 0)])
    parent.on('command:*', ([word = '']: string[]) => refuseVerb(word, parent));
  return program;
}
