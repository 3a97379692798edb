// The command line: verbs, options, questions, exit codes. What a verb does is in actions/.
import { Command, CommanderError, Help, Option } from 'commander';
import { config as configureZod } from 'zod';
import { DroverError, exitCodes, InvalidInputError, type ExitCode } from '../core/errors.ts';
import { describeSystemError, isSystemError } from '../core/system-error.ts';
import {
  collectWords,
  addApplyOptions,
  addConnectionOptions,
  addInputOptions,
  addListOptions,
  addMembershipOptions,
  addOperationOptions,
  addResumeOptions,
  addRunOptions,
  addVerifiedRunOptions,
  futureTime,
  positive,
  repeated,
} from './options.ts';
import { defaultRelease, suites } from '../lab/release.ts';
import { say, writeText } from './print.ts';
import type { OperationAction } from './run-operation.ts';
import type { PlayAction } from './run-play.ts';

// Compiling a schema pays off from a few hundred values on: a run has fewer and cannot keep the compiled code.
configureZod({ jitless: true });

type Action = (...args: never[]) => Promise<ExitCode>;

/** Parses the command line, runs one verb, and turns an error into a message and an exit code. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const program = describeVerbs((run: () => Promise<ExitCode>) =>
    run().then((code) => void (exitCode = code)),
  );
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

/** The verbs, in the order of the help. A verb's code is loaded when it is used. */
function describeVerbs(run: (action: () => Promise<ExitCode>) => Promise<void>): Command {
  const program = new Command('drover')
    .description('Provisions, changes and proves highly available PostgreSQL over plain SSH.')
    .option('-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .helpCommand('help [command]', 'print the options of a command')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => writeText(process.stdout, text),
      writeErr: (text) => writeText(process.stderr, text),
    })
    .enablePositionalOptions()
    .showHelpAfterError('(drover VERB --help lists the options)')
    .configureHelp({ optionDescription: describeOption });
  const verb = (name: string, description: string) =>
    program.command(name).description(description).exitOverride();
  const act =
    <A extends Action>(load: () => Promise<A>) =>
    (...args: Parameters<A>) =>
      run(async () => (await load())(...args));
  const { play, operate } = kindsOfVerbs(act);

  addVerifiedRunOptions(verb('provision', 'make the cluster what the inventory says, and verify it')).action(
    act(async () => (await import('./commands/provision.ts')).provision),
  );
  addVerifiedRunOptions(verb('upgrade', 'raise the cluster’s packages, host by host, and verify it')).action(
    play('upgrade', async () => (await import('../actions/upgrade.ts')).upgrade, 'playbooks/upgrade.yml'),
  );
  addRunOptions(verb('plan', 'show what provision, or a playbook, would change'))
    .argument('[playbook]', 'a playbook of yours (default: playbooks/site.yml of drover)')
    .option('-o, --out <file>', 'keep the plan in a file, for drover apply')
    .action(play('plan', async () => (await import('../actions/plan.ts')).plan));
  addApplyOptions(verb('apply', 'do what a kept plan says, exactly, or refuse'))
    .argument('<file>', 'what plan -o has written')
    .action(act(async () => (await import('./commands/apply.ts')).apply));
  addRunOptions(verb('play', 'run a playbook'))
    .argument('<playbook>', 'file of the playbook')
    .action(play('play', async () => (await import('../actions/play.ts')).play));
  addConnectionOptions(
    addInputOptions(verb('verify', 'probe everything that makes the cluster highly available')),
  )
    .option('--read-only', 'write no row through the cluster')
    .action(act(async () => (await import('./commands/verify.ts')).verify));
  addConnectionOptions(addInputOptions(verb('status', 'show who leads and who follows, etcd and HAProxy')))
    .option('-w, --watch', 'go on, and look every two seconds')
    .action(act(async () => (await import('./commands/status.ts')).status));
  addRunOptions(
    verb('drift', 'tell what was changed on the hosts by hand from what was changed in the inventory'),
  )
    .argument('[playbook]', 'a playbook of yours (default: playbooks/site.yml of drover)')
    .action(act(async () => (await import('./commands/drift.ts')).drift));
  addConnectionOptions(
    addInputOptions(verb('history', 'show what runs have changed, by the hosts’ journals')),
  )
    .argument('[run]', 'one run, with all it changed (default: the last runs)')
    .option('-n, --count <number>', 'how many runs (default: 20)', positive)
    .action(act(async () => (await import('./commands/history.ts')).history));
  addOperationOptions(verb('switchover', 'have another member lead, in good order'))
    .option('--to <node>', 'who is to lead (default: who is fit and least behind)')
    .option('--at <time>', 'have Patroni do it later; ISO 8601 with zone', futureTime)
    .option('--cancel', 'take back what --at has ordered')
    .action(operate(async () => (await import('../actions/switchover.ts')).switchover));
  addOperationOptions(verb('failover', 'make a member lead, with a leader or without'))
    .option('--to <node>', 'who is to lead (default: who is fit and least behind)')
    .action(operate(async () => (await import('../actions/failover.ts')).failover));
  addOperationOptions(verb('restart', 'restart PostgreSQL, one member after the other'))
    .argument('[node...]', 'members (default: those that wait for a restart)')
    .action(operate(async () => (await import('../actions/restart.ts')).restart));
  addOperationOptions(verb('reload', 'have members read their configuration again'))
    .argument('[node...]', 'members (default: all)')
    .action(operate(async () => (await import('../actions/reload.ts')).reload));
  addOperationOptions(verb('reinit', 'have a replica delete its data and clone the leader'))
    .argument('<node>', 'member')
    .action(operate(async () => (await import('../actions/reinit.ts')).reinit));
  addOperationOptions(verb('pause', 'turn automatic failover off')).action(
    operate(async () => (await import('../actions/pause.ts')).pause),
  );
  addResumeOptions(verb('resume', 'go on with a run that did not come to its end, or end a pause'))
    .argument('[run]', 'run of drover history (default: turn automatic failover on again)')
    .action(act(async () => (await import('./commands/resume.ts')).resume));
  addOperationOptions(
    verb('edit-config', 'change the configuration in the DCS; without options in an editor'),
  )
    .option(
      '-s, --set <key=value>',
      'one setting, dots between keys; null deletes; may be repeated',
      ...repeated,
    )
    .option('--apply <file>', 'settings in YAML, - for standard input; null deletes')
    .action(act(async () => (await import('./commands/edit-config.ts')).editConfig));
  addOperationOptions(verb('rebalance', 'move etcd’s leader off the database leader’s host')).action(
    operate(async () => (await import('../actions/rebalance.ts')).rebalance),
  );
  addMembershipOptions(verb('remove', 'take a host out of the cluster, a dead one too'))
    .argument('<host>', 'host of the inventory, or member of the cluster')
    .action(operate(async () => (await import('../actions/remove.ts')).remove));
  addMembershipOptions(verb('replace', 'have a new host take the place of another, a dead one too'))
    .argument('<old>', 'host that goes')
    .argument('<new>', 'host that comes, in the same groups of the inventory')
    .action(operate(async () => (await import('../actions/replace.ts')).replace));
  addLabVerbs(verb('lab', 'make and break throw-away hosts on this machine'), act);
  addConnectionOptions(addInputOptions(verb('exec', 'run a shell command on hosts')))
    .argument('<pattern>', 'hosts and groups: node1, etcd:haproxy, postgres:!node3')
    .argument('<command...>', 'command line for the shell; options go before the pattern')
    .passThroughOptions()
    .action(act(async () => (await import('./commands/exec.ts')).exec));
  addConnectionOptions(
    addInputOptions(verb('facts', 'print what hosts are as JSON: release, addresses, virtualisation')),
  )
    .argument('[pattern]', 'hosts and groups', 'all')
    .action(act(async () => (await import('./commands/facts.ts')).facts));
  addInputOptions(verb('validate', 'check inventory, playbooks and templates without connecting'))
    .argument('[playbook]', 'a playbook of yours (default: playbooks/site.yml of drover)')
    .action(act(async () => (await import('./commands/validate.ts')).validate));
  addInventoryVerbs(verb('inventory', 'print hosts, groups and variables as they are read'), act);
  return program;
}

type Act = <A extends Action>(load: () => Promise<A>) => (...args: Parameters<A>) => Promise<void>;

/** Verbs that only run an action: it takes a request, then the arguments and options as commander passes them. */
function kindsOfVerbs(act: Act) {
  return {
    /** Plays the playbook given as an argument, or else one of drover's. */
    play: (name: string, load: () => Promise<PlayAction>, playbook?: string) =>
      act(async () => (await import('./run-play.ts')).playing(name, await load(), playbook)),
    /** Operates a running cluster. */
    operate: (load: () => Promise<OperationAction>) =>
      act(async () => (await import('./run-operation.ts')).operating(await load())),
  };
}

/** Hides the default of options that may be repeated: an empty list tells the user nothing. */
function describeOption(option: Option): string {
  return new Help().optionDescription(option).replace(/ \(default: \[\]\)$/, '');
}

function addInventoryVerbs(inventory: Command, act: Act): void {
  addListOptions(inventory.command('list').description('everything as JSON, in Ansible’s form')).action(
    act(async () => (await import('./commands/inventory.ts')).list),
  );
  addListOptions(inventory.command('list-hosts').description('the hosts a pattern selects'))
    .argument('[pattern]', 'hosts and groups', 'all')
    .action(act(async () => (await import('./commands/inventory.ts')).listHosts));
}

function addLabVerbs(lab: Command, act: Act): void {
  lab.enablePositionalOptions();
  const named = (name: string, description: string) =>
    lab.command(name).description(description).option('--name <lab>', 'name of the lab', 'lab');
  const load = () => import('./commands/lab.ts');
  named('up', 'make the hosts and boot them')
    .option(
      '--from <inventory>',
      'inventory whose hosts to make (default: inventory/three-node.yml of drover)',
    )
    .addOption(
      new Option('--release <number>', 'release of Debian on the hosts')
        .choices(Object.keys(suites))
        .default(defaultRelease),
    )
    .option('--installed', 'with the packages installed, and nothing started')
    .addOption(
      new Option('--from-save <save>', 'hosts of a save of this lab, as it was').conflicts([
        'from',
        'release',
        'installed',
      ]),
    )
    .action(act(async () => (await load()).up));
  named('save', 'keep the hosts as they are, for lab up --from-save; they are frozen meanwhile')
    .argument('<save>', 'name to save them under')
    .action(act(async () => (await load()).save));
  lab
    .command('saves')
    .description('list what has been saved')
    .option('--json', 'as JSON')
    .action(act(async () => (await load()).saves));
  lab
    .command('forget')
    .description('remove a save')
    .argument('<save>', 'name of the save')
    .action(act(async () => (await load()).forget));
  named('down', 'remove everything the lab has made').action(act(async () => (await load()).down));
  named('status', 'list the hosts')
    .option('--json', 'as JSON')
    .action(act(async () => (await load()).status));
  named('ssh', 'log in to a host')
    .argument('<host>', 'name of the host')
    .argument('[command...]', 'command to run there instead of a shell')
    .passThroughOptions()
    .action(act(async () => (await load()).ssh));
  for (const [name, description] of [
    ['kill', 'turn a host off as a power cut would'],
    ['stop', 'turn a host off in good order'],
    ['start', 'boot a host that is off'],
    ['pause', 'freeze a host'],
    ['heal', 'end a pause and a partition'],
  ] as const) {
    named(name, description)
      .argument('<host>', 'name of the host')
      .action(act(async () => (await load()).fault(name)));
  }
  named('partition', 'cut a host off from the other hosts')
    .argument('<host>', 'name of the host')
    .option('--from <hosts>', 'only from these, separated by commas', collectWords)
    .action(act(async () => (await load()).partition));
}
