// The options that several verbs share, each written once, and the flags they give.
import { Option } from 'commander';
import { collect, collectWords, countUp, notNegative, positive } from './option-values.ts';

type Parser = (value: string, former: never) => unknown;
type Description = readonly [flags: string, text: string, parse?: Parser, preset?: unknown];

const described = {
  inventory: [
    '-i, --inventory <source>',
    'inventory: a file, a folder, a script, or hosts separated by commas; may be repeated',
    collect,
    [],
  ],
  limit: ['-l, --limit <pattern>', 'only the hosts of this pattern'],
  extraVars: [
    '-e, --extra-vars <vars>',
    'name=value (text, unless declared as something else), YAML or @file; overrides all other sources',
    collect,
    [],
  ],
  vaultPasswordFile: [
    '--vault-password-file <file>',
    'file or program with the password of ansible-vault; may be repeated (also ANSIBLE_VAULT_PASSWORD_FILE)',
    collect,
    [],
  ],
  vaultId: [
    '--vault-id <label@file>',
    'the same for texts with this label; label@prompt asks; may be repeated',
    collect,
    [],
  ],
  askVaultPass: ['-J, --ask-vault-pass', 'ask for the password of ansible-vault'],
  user: ['-u, --user <user>', 'log in as this user'],
  privateKey: ['--private-key <file>', 'log in with this key'],
  askPass: ['-k, --ask-pass', 'ask for the login password'],
  become: ['-b, --become', 'become root, by sudo or what ansible_become_method names'],
  askBecomePass: ['-K, --ask-become-pass', 'ask for the password that becoming root takes'],
  acceptNewHostKeys: ['--accept-new-host-keys', 'accept unknown host keys, and remember them'],
  timeout: [
    '--timeout <seconds>',
    "seconds for connecting, and for logging in (default: ssh's ConnectTimeout, or 10)",
    positive,
  ],
  forks: [
    '-f, --forks <number>',
    'how many hosts at once (default: 16 for each processor, and at least 32)',
    positive,
  ],
  verbose: ['-v, --verbose', 'say more; may be repeated', countUp, 0],
  json: ['--json', 'print JSON lines on stdout instead of text'],
  color: ['--no-color', 'print no colours'],
  tags: ['-t, --tags <tags>', 'only tasks with one of these tags, separated by commas', collectWords, []],
  skipTags: ['--skip-tags <tags>', 'no tasks with one of these tags', collectWords, []],
  check: ['-C, --check', 'show what would be done, and do nothing'],
  diff: ['-D, --diff', 'show the lines that differ'],
  timings: ['--timings', 'show at the end where the time went'],
  yes: ['-y, --yes', 'do not ask before interrupting a service'],
  skipUnreachable: ['--skip-unreachable', 'go on without hosts that cannot be reached'],
  lockTimeout: ['--lock-timeout <seconds>', 'wait this long for another run to end', notNegative, 120],
  verify: ['--no-verify', 'skip the verification'],
} as const satisfies Readonly<Record<string, Description>>;

export type OptionName = keyof typeof described;

const always = [
  'inventory',
  'vaultPasswordFile',
  'vaultId',
  'askVaultPass',
  'user',
  'privateKey',
  'askPass',
  'become',
  'askBecomePass',
  'acceptNewHostKeys',
  'timeout',
  'forks',
  'verbose',
  'json',
  'color',
  'diff',
  'timings',
  'lockTimeout',
] as const satisfies readonly OptionName[];

/** Names of the options that one may always give (settings.ts). All others say what one run is to do. */
export const settable: ReadonlySet<string> = new Set(
  always.map((name) => /--(\S+)/.exec(described[name][0])?.[1] ?? name),
);

/** A fresh one each time: an option belongs to one verb. */
export function optionNamed(name: OptionName): Option {
  const [flags, text, parse, preset]: Description = described[name];
  const option = new Option(flags, text);
  if (parse) option.argParser(parse as <T>(value: string, former: T) => T);
  return preset === undefined ? option : option.default(preset);
}

/** As the help lists them. */
export const optionNames = Object.keys(described) as readonly OptionName[];

const vault = ['vaultPasswordFile', 'vaultId', 'askVaultPass'] as const;
const login = ['user', 'privateKey', 'askPass', 'acceptNewHostKeys', 'timeout', 'forks'] as const;
const output = ['verbose', 'json', 'color'] as const;

/** What reads an inventory and connects to nothing. */
export const offline = ['inventory', 'extraVars', ...vault] as const;
/** What logs in to hosts of an inventory. */
export const online = [...offline, ...login] as const;
/** What looks at a cluster or changes it, as root wherever that is needed. */
export const asRoot = [...online, 'askBecomePass', ...output] as const;
/** What a kept plan leaves to be told: inventory, variables and tags are in it. */
export const withPlan = [...vault, ...login, 'become', 'askBecomePass', ...output] as const;

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

export interface LoginFlags {
  readonly user?: string;
  readonly privateKey?: string;
  readonly askPass?: boolean;
  readonly askBecomePass?: boolean;
  readonly acceptNewHostKeys?: boolean;
  readonly timeout?: number;
  readonly forks?: number;
}

export interface BecomeFlags {
  readonly become?: boolean;
}

export interface OutputFlags {
  readonly verbose: number;
  readonly json?: boolean;
  readonly color: boolean;
}

export interface OperationFlags extends InputFlags, LoginFlags, OutputFlags {
  readonly check?: boolean;
  readonly yes?: boolean;
  readonly lockTimeout: number;
}

/** Of verbs that run a playbook. What only shows a plan asks nothing and takes no lock. */
export interface RunFlags extends InputFlags, LoginFlags, BecomeFlags, OutputFlags {
  readonly tags: string[];
  readonly skipTags: string[];
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly timings?: boolean;
  readonly yes?: boolean;
  readonly skipUnreachable?: boolean;
  readonly lockTimeout?: number;
}
