import { existsSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { UsageError } from '../core/errors.ts';
import { splitWords } from '../shell/words.ts';
import type { AllowedAlgorithms } from './algorithms.ts';
import type { AskPassphrase } from './key-file.ts';
import { hostName } from './known-hosts.ts';
import { whyOpenSsh } from './openssh-need.ts';
import {
  circularJump,
  expandHome,
  localUser,
  type HostSpec,
  type SshConfig,
  type SshSettings,
} from './ssh-config.ts';

/** How to reach one host, resolved from all sources. */
export interface Target {
  /** The inventory's name. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Ways to authenticate, as SSH calls them, in the order of preference. */
  readonly methods: readonly string[];
  readonly identityFiles: readonly string[];
  /** Of the agent's keys, only those that are in `identityFiles`. */
  readonly identitiesOnly: boolean;
  /** Socket of the SSH agent. */
  readonly agent: string | undefined;
  /** Programs on the host may ask the agent. */
  readonly forwardAgent: boolean;
  readonly password: string | undefined;
  readonly becomePassword: string | undefined;
  readonly knownHostsFiles: readonly string[];
  /** Its name in known_hosts. */
  readonly knownAs: string;
  /** `accept-new`: an unknown key is recorded, a changed one refused. */
  readonly hostKeyPolicy: 'strict' | 'accept-new';
  readonly jump: Target | undefined;
  /** A command line whose input and output are the connection. */
  readonly proxyCommand: string | undefined;
  /** Milliseconds for connecting and logging in, each. */
  readonly timeout: number;
  /** A keepalive is sent every `interval` milliseconds; after `count` unanswered ones the host is lost. */
  readonly keepalive: { readonly interval: number; readonly count: number };
  readonly algorithms: AllowedAlgorithms;
  /** Where the program ssh makes the connection: what it is called with. */
  readonly openssh: OpenSshWay | undefined;
}

export interface OpenSshWay {
  readonly args: readonly string[];
  readonly host: string;
  /** What of ssh drover does not have itself. */
  readonly why: string;
}

/** The connection variables of a host, by their inventory names without `ansible_`. */
export interface ConnectionVariables {
  readonly host?: string;
  readonly port?: number | string;
  readonly user?: string;
  readonly ssh_private_key_file?: string;
  readonly password?: string;
  readonly become_password?: string;
  readonly ssh_args?: string;
  readonly ssh_common_args?: string;
  readonly ssh_extra_args?: string;
  /** The program ssh makes the connection, whether that is needed or not. */
  readonly openssh?: boolean;
}

/** Options of the command line; they override the inventory. */
export interface ConnectionOptions {
  readonly user?: string;
  readonly privateKey?: string;
  /** Milliseconds; without it, ssh's ConnectTimeout. */
  readonly timeout?: number;
  readonly acceptNewHostKeys: boolean;
  readonly askedPassword?: string;
  readonly askedBecomePassword?: string;
  /** Not there without a terminal. */
  readonly askPassphrase?: AskPassphrase;
}

const defaultTimeout = 10_000;

/** Resolves a target from command line, inventory and ssh's configuration. */
export async function resolveTarget(
  name: string,
  variables: ConnectionVariables,
  options: ConnectionOptions,
  config: SshConfig,
): Promise<Target> {
  const given = parseAddress(variables.host ?? name);
  const port = variables.port ?? given.port;
  const spec = {
    address: given.address,
    user: options.user ?? variables.user ?? given.user,
    port: port === undefined ? undefined : portOf(name, String(port)),
    key: options.privateKey ?? variables.ssh_private_key_file,
    args: argumentsOf(name, variables),
  };
  const password = options.askedPassword ?? variables.password;
  const target = await resolve(name, spec, password, options, config, []);
  const asked = { args: config.argumentsFor(spec), host: spec.address, why: 'ansible_connection' };
  return {
    ...target,
    becomePassword: options.askedBecomePassword ?? variables.become_password,
    openssh: variables.openssh ? asked : target.openssh,
  };
}

/** `way` are the ProxyJumps that have led here. */
async function resolve(
  name: string,
  spec: HostSpec,
  password: string | undefined,
  options: ConnectionOptions,
  config: SshConfig,
  way: readonly string[],
): Promise<Target> {
  const settings = await config.settingsOf(name, spec);
  const first = (keyword: string): string | undefined => settings.get(keyword)?.[0];
  const place = {
    address: first('hostname') ?? spec.address,
    port: portOf(name, first('port') ?? '22'),
    user: first('user') ?? 'root',
  };
  const alias = first('hostkeyalias');
  const expand = (text: string) => expandTokens(text, { ...place, original: spec.address, alias });
  const jump = first('proxyjump');
  const proxyCommand = first('proxycommand');
  const seconds = Number(first('connecttimeout'));
  const target: Omit<Target, 'openssh'> = {
    name,
    ...place,
    methods: methodsOf(settings),
    identityFiles: identitiesOf(settings, expand),
    identitiesOnly: first('identitiesonly') === 'yes',
    agent: agentOf(first('identityagent')),
    forwardAgent: first('forwardagent') === 'yes',
    password,
    becomePassword: undefined,
    knownHostsFiles: ['userknownhostsfile', 'globalknownhostsfile'].flatMap((keyword) =>
      (first(keyword)?.split(/\s+/) ?? []).map((path) => (path === 'none' ? '/dev/null' : expandHome(path))),
    ),
    knownAs: alias ?? hostName(place.address, place.port),
    hostKeyPolicy:
      options.acceptNewHostKeys || takesNewKeys.includes(first('stricthostkeychecking') ?? '')
        ? 'accept-new'
        : 'strict',
    jump: isNone(jump) ? undefined : await resolveJump(jump, spec, options, config, way),
    proxyCommand: isNone(proxyCommand) ? undefined : expand(proxyCommand),
    timeout: options.timeout ?? (seconds > 0 ? seconds * 1000 : defaultTimeout),
    keepalive: {
      // 0 turns OpenSSH's keepalive off; ours is needed to notice an unreachable host.
      interval: (Number(first('serveraliveinterval')) || 15) * 1000,
      count: Number(first('serveralivecountmax') ?? 3),
    },
    algorithms: {
      kexalgorithms: first('kexalgorithms')?.split(','),
      hostkeyalgorithms: first('hostkeyalgorithms')?.split(','),
      ciphers: first('ciphers')?.split(','),
      macs: first('macs')?.split(','),
    },
  };
  const why = target.jump?.openssh?.why ?? whyOpenSsh(target, settings);
  return {
    ...target,
    openssh: why === undefined ? undefined : { args: config.argumentsFor(spec), host: spec.address, why },
  };
}

// What ssh prints for `no` and `off`: also then a key that has changed is refused here.
const takesNewKeys = ['accept-new', 'false', 'no', 'off'];

/** As to OpenSSH, an address may say who logs in; brackets part an address of IPv6 from a port. */
function parseAddress(text: string): { address: string; user: string | undefined; port: string | undefined } {
  const [, user, rest = text] = /^(?:(.+)@)?(.*)$/s.exec(text) ?? [];
  const [, address = rest, port] = /^\[([^\]]+)\](?::(.*))?$/.exec(rest) ?? [];
  return { address, user, port };
}

function argumentsOf(name: string, variables: ConnectionVariables): string[] {
  return (['ssh_args', 'ssh_common_args', 'ssh_extra_args'] as const).flatMap((variable) => {
    const words = splitWords(variables[variable] ?? '');
    if (words) return words;
    throw new UsageError(`${name}: ansible_${variable}: a quote is not closed`);
  });
}

/** Those that ssh would use, password before keyboard-interactive where nothing else is preferred. */
function methodsOf(settings: SshSettings): string[] {
  const switches = {
    publickey: 'pubkeyauthentication',
    password: 'passwordauthentication',
    'keyboard-interactive': 'kbdinteractiveauthentication',
  };
  const preferred = settings.get('preferredauthentications')?.[0]?.split(',') ?? Object.keys(switches);
  return preferred.filter((method) => {
    const [value = ''] = settings.get(switches[method as keyof typeof switches]) ?? [];
    return !['no', 'false'].includes(value);
  });
}

const defaultKey = /^~\/\.ssh\/id_\w+$/;

/** The files of ssh's settings; of those that are tried by default, the ones that are there. */
function identitiesOf(settings: SshSettings, expand: (text: string) => string): string[] {
  const files = settings.get('identityfile') ?? [];
  return files.flatMap((file) => {
    if (file === 'none') return [];
    const path = expandHome(expand(file));
    return defaultKey.test(file) && !existsSync(path) ? [] : [path];
  });
}

function agentOf(setting = 'SSH_AUTH_SOCK'): string | undefined {
  if (setting === 'none') return undefined;
  const [, variable] = /^\$?(SSH_AUTH_SOCK|(?<=\$)\w+)$/.exec(setting) ?? [];
  return variable === undefined ? setting : process.env[variable];
}

interface Place {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly original: string;
  readonly alias: string | undefined;
}

/** Puts in what ssh's tokens stand for, and the environment's variables. */
function expandTokens(text: string, { address, port, user, original, alias }: Place): string {
  const tokens: Record<string, () => string> = {
    '%': () => '%',
    d: () => expandHome('~'),
    h: () => address,
    i: () => String(userInfo().uid),
    k: () => alias ?? original,
    L: () => hostname().replace(/\..*/, ''),
    l: () => hostname(),
    n: () => original,
    p: () => String(port),
    r: () => user,
    u: () => localUser(),
  };
  return text
    .replace(/%(.)/g, (token, letter: string) => tokens[letter]?.() ?? token)
    .replace(/\$\{(\w+)\}/g, (variable, name: string) => process.env[name] ?? variable);
}

function portOf(name: string, text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new UsageError(`${name}: the port ${text} is not a number from 1 to 65535`, {
    hint: 'correct ansible_port, or the port in ~/.ssh/config or ProxyJump',
  });
}

function isNone(setting: string | undefined): setting is undefined | 'none' {
  return setting === undefined || setting === 'none';
}

/** A jump host is asked about as ssh would: by itself, with only its place and the file given for the host behind it. */
function resolveJump(
  jump: string,
  { args }: HostSpec,
  options: ConnectionOptions,
  config: SshConfig,
  way: readonly string[],
): Promise<Target> {
  if (way.includes(jump)) throw circularJump([...way.slice(way.indexOf(jump)), jump]);
  const hops = jump.split(',');
  const last = hops.pop() ?? '';
  const match = /^(?:(.+)@)?(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(last);
  if (!match) throw new UsageError(`ProxyJump ${jump} is not [user@]host[:port]`);
  const [, user, literal, host = literal ?? '', port] = match;
  const spec = {
    address: host,
    user,
    port: port === undefined ? undefined : portOf(host, port),
    key: undefined,
    args: [...configFileIn(args), ...(hops.length === 0 ? [] : ['-J', hops.join(',')])],
  };
  // Its password is not known.
  return resolve(host, spec, undefined, options, config, [...way, jump]);
}

/** The `-F FILE` of arguments. */
function configFileIn(args: readonly string[]): string[] {
  const at = args.findIndex((word) => word.startsWith('-F'));
  return at < 0 ? [] : args.slice(at, at + (args[at] === '-F' ? 2 : 1));
}
