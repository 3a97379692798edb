import { InvalidArgumentError, type Command } from 'commander';
import { UsageError } from '../core/errors.ts';

function collect(value: string, former: readonly string[]): string[] {
  return [...former, value];
}

/** Parser and default of an option that may be repeated. */
export const repeated = [collect, [] as string[]] as const;

/** Words separated by commas, of an option that may be repeated. */
export function collectWords(value: string, former: readonly string[] = []): string[] {
  return [...former, ...value.split(',').filter((word) => word !== '')];
}

export function positive(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError('must be a number above 0');
  return number;
}

function notNegative(value: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0) throw new InvalidArgumentError('must be 0 or more');
  return number;
}

/** Parses a time in the future. It must have a zone, or it would mean another time on another machine. */
export function futureTime(text: string): Date {
  const hint = 'for example --at 2030-01-31T22:30+01:00';
  const zoned = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;
  const time = new Date(text);
  if (!zoned.test(text) || Number.isNaN(time.getTime()))
    throw new UsageError(`"${text}" is no date, time and zone in ISO 8601`, { hint });
  if (time.getTime() <= Date.now()) throw new UsageError(`${text} is over`, { hint });
  return time;
}

/** Where hosts and variables come from. */
export function addInputOptions(command: Command): Command {
  return addInventoryOptions(command).option('-l, --limit <pattern>', 'only the hosts of this pattern');
}

function addInventoryOptions(command: Command): Command {
  return addVaultOptions(command)
    .option(
      '-i, --inventory <file>',
      'inventory: a file, a folder, a script, or hosts separated by commas; may be repeated',
      collect,
      [],
    )
    .option(
      '-e, --extra-vars <vars>',
      'name=value (text, unless it is declared as something else), YAML or @file; stronger than all other sources',
      collect,
      [],
    );
}

/** What opens the texts that ansible-vault has encrypted. */
function addVaultOptions(command: Command): Command {
  return command
    .option(
      '--vault-password-file <file>',
      'file or program with the password of ansible-vault; may be repeated (also ANSIBLE_VAULT_PASSWORD_FILE)',
      collect,
      [],
    )
    .option(
      '--vault-id <label@file>',
      'the same for texts with this label; label@prompt asks; may be repeated',
      collect,
      [],
    )
    .option('-J, --ask-vault-pass', 'ask for the password of ansible-vault');
}

export interface VaultFlags {
  readonly vaultPasswordFile: string[];
  readonly vaultId: string[];
  readonly askVaultPass?: boolean;
}

export interface InputFlags extends VaultFlags {
  readonly inventory: string[];
  readonly limit?: string;
  readonly extraVars: string[];
}

/** What an inventory is read with where no playbook is run. */
export function addListOptions(command: Command): Command {
  return addInputOptions(command).option(
    '--playbook-dir <folder>',
    'folder of the playbooks, whose group_vars and host_vars count',
    '.',
  );
}

export interface ListFlags extends InputFlags {
  readonly playbookDir: string;
}

/** How to connect to hosts, and how to report progress. */
export function addConnectionOptions(command: Command): Command {
  return command
    .option('-u, --user <user>', 'log in as this user')
    .option('--private-key <file>', 'log in with this key')
    .option('-k, --ask-pass', 'ask for the login password')
    .option('-b, --become', 'become root by sudo')
    .option('-K, --ask-become-pass', 'ask for the sudo password')
    .option('--accept-new-host-keys', 'accept host keys that are not known yet, and remember them')
    .option('--timeout <seconds>', 'seconds for connecting, and for logging in', positive, 10)
    .option(
      '-f, --forks <number>',
      'how many hosts at once (default: 16 for each processor, and at least 32)',
      positive,
    )
    .option('-v, --verbose', 'say more; may be repeated', (_value: string, former: number) => former + 1, 0)
    .option('--json', 'print JSON lines on stdout instead of text')
    .option('--no-color', 'print no colours');
}

export interface ConnectionFlags {
  readonly user?: string;
  readonly privateKey?: string;
  readonly askPass?: boolean;
  readonly become?: boolean;
  readonly askBecomePass?: boolean;
  readonly acceptNewHostKeys?: boolean;
  readonly timeout: number;
  readonly forks?: number;
  readonly verbose: number;
  readonly json?: boolean;
  readonly color: boolean;
}

const noQuestions = ['-y, --yes', 'do not ask before what interrupts a service'] as const;
const noVerify = ['--no-verify', 'leave the verification out'] as const;
const diff = ['-D, --diff', 'show the lines that differ'] as const;
const timings = ['--timings', 'show at the end what the run took its time for'] as const;
const skipUnreachable = ['--skip-unreachable', 'go on without hosts that cannot be reached'] as const;
const lockTimeout = ['--lock-timeout <seconds>', 'wait this long for another run to end'] as const;

/** Options of an operation on a running cluster. There is no --limit: it always concerns the whole cluster. */
export function addOperationOptions(command: Command): Command {
  return addConnectionOptions(addInventoryOptions(command))
    .option('-C, --check', 'show what would be done, and do nothing')
    .option(...noQuestions)
    .option(...lockTimeout, notNegative, 120);
}

export interface OperationFlags extends InputFlags, ConnectionFlags {
  readonly check?: boolean;
  readonly yes?: boolean;
  readonly lockTimeout: number;
}

/** Options of a change of membership, which updates the files of the other members as well. */
export function addMembershipOptions(command: Command): Command {
  return addOperationOptions(command).option(...noVerify);
}

/** Options of resuming a run: its playbook, limit and tags are in the journal. */
export function addResumeOptions(command: Command): Command {
  return addOperationOptions(command)
    .option(...diff)
    .option(...timings)
    .option(...skipUnreachable)
    .option(...noVerify);
}

/** Options of applying a saved plan, which holds inventory, variables and tags itself. */
export function addApplyOptions(command: Command): Command {
  return addVaultOptions(addConnectionOptions(command))
    .option(...diff)
    .option(...timings)
    .option(...noQuestions)
    .option(...lockTimeout, notNegative, 120);
}

/** Options of a run of a playbook. */
export function addRunOptions(command: Command): Command {
  return addConnectionOptions(addInputOptions(command))
    .option(
      '-t, --tags <tags>',
      'only tasks with one of these tags; separate them by commas',
      collectWords,
      [],
    )
    .option('--skip-tags <tags>', 'no tasks with one of these tags', collectWords, [])
    .option('-C, --check', 'show what would be changed, as plan does')
    .option(...diff)
    .option(...timings)
    .option(...noQuestions)
    .option(...skipUnreachable)
    .option(...lockTimeout, notNegative, 120);
}

/** Options of a run of a playbook that ends with a verification. */
export function addVerifiedRunOptions(command: Command): Command {
  return addRunOptions(command).option(...noVerify);
}

export interface RunFlags extends OperationFlags {
  readonly tags: string[];
  readonly skipTags: string[];
  readonly diff?: boolean;
  readonly timings?: boolean;
  readonly skipUnreachable?: boolean;
}
