import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import SSHConfig from 'ssh-config';
import { messageOf, UsageError } from '../core/errors.ts';

/** How to reach one host, resolved from all sources. */
export interface Target {
  /** The inventory's name. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  /** Socket of the SSH agent. */
  readonly agent: string | undefined;
  readonly password: string | undefined;
  readonly becomePassword: string | undefined;
  readonly knownHostsFiles: readonly string[];
  /** `accept-new`: an unknown key is recorded, a changed one refused. */
  readonly hostKeyPolicy: 'strict' | 'accept-new';
  readonly jump: Target | undefined;
  /** Milliseconds for connecting and logging in, each. */
  readonly timeout: number;
  /** A keepalive is sent every `interval` milliseconds; after `count` unanswered ones the host is lost. */
  readonly keepalive: { readonly interval: number; readonly count: number };
  readonly keyExchange: readonly string[] | undefined;
  readonly ciphers: readonly string[] | undefined;
}

/** The connection variables of a host, by their inventory names without `ansible_`. */
export interface ConnectionVariables {
  readonly host?: string;
  readonly port?: number | string;
  readonly user?: string;
  readonly ssh_private_key_file?: string;
  readonly password?: string;
  readonly become_password?: string;
  readonly ssh_common_args?: string;
  readonly ssh_extra_args?: string;
}

/** Options of the command line; they override the inventory. */
export interface ConnectionOptions {
  readonly user?: string;
  readonly privateKey?: string;
  readonly timeout: number;
  readonly acceptNewHostKeys: boolean;
  readonly askedPassword?: string;
  readonly askedBecomePassword?: string;
}

type Settings = Readonly<Record<string, readonly string[]>>;

/** A source of `~/.ssh/config` settings for a host. */
export class SshConfigFile {
  readonly #config: SSHConfig | undefined;

  constructor(path = `${homedir()}/.ssh/config`) {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      return;
    }
    try {
      this.#config = SSHConfig.parse(text);
    } catch (error) {
      throw new UsageError(`${path} cannot be read: ${messageOf(error)}`);
    }
  }

  settingsOf(host: string): Settings {
    if (!this.#config) return {};
    const computed = this.#config.compute(host, { ignoreCase: true });
    return lowerKeys(
      Object.entries(computed).map(([key, value]) => [key, Array.isArray(value) ? value : [value]]),
    );
  }
}

function lowerKeys(entries: readonly (readonly [string, readonly string[]])[]): Settings {
  return Object.fromEntries(entries.map(([key, value]) => [key.toLowerCase(), value]));
}

const understood = [
  'userknownhostsfile',
  'stricthostkeychecking',
  'proxyjump',
  'identityfile',
  'user',
  'port',
  'hostname',
  'kexalgorithms',
  'ciphers',
  'serveraliveinterval',
  'serveralivecountmax',
  // Safe to ignore: they only tune the OpenSSH client.
  'controlmaster',
  'controlpath',
  'controlpersist',
  'connecttimeout',
  'loglevel',
  'identitiesonly',
  'batchmode',
];

/** The `-o Key=Value` and `-J` of ansible_ssh_common_args. Anything else is refused, not ignored. */
function parseSshArgs(host: string, args: string): Settings {
  const words = args.match(/"[^"]*"|'[^']*'|\S+/g)?.map((word) => word.replace(/^(["'])(.*)\1$/, '$2')) ?? [];
  const settings: [string, string[]][] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const takes = /^-(o|J|i|l|p)(.*)$/.exec(word);
    if (!takes) throw new UsageError(`${host}: the ssh argument ${word} is not supported`);
    const value = takes[2] === '' ? (words[++index] ?? '') : (takes[2] ?? '');
    const named: Record<string, string> = { J: 'proxyjump', i: 'identityfile', l: 'user', p: 'port' };
    const name = named[takes[1] ?? ''];
    if (name !== undefined) settings.push([name, [value]]);
    else {
      const [key = '', ...rest] = value.split(/[=\s]+/);
      settings.push([key.toLowerCase(), [rest.join(' ')]]);
    }
  }
  const unknown = settings.find(([key]) => !understood.includes(key));
  if (unknown) {
    throw new UsageError(`${host}: the ssh option ${unknown[0]} is not supported`, {
      hint: 'put it into ~/.ssh/config of a jump host, or remove it from ansible_ssh_common_args',
    });
  }
  return Object.fromEntries(settings);
}

const defaultKeys = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => `~/.ssh/${name}`);

/** Resolves a target from command line, inventory, ssh arguments and ~/.ssh/config, in this order. */
export function resolveTarget(
  name: string,
  variables: ConnectionVariables,
  options: ConnectionOptions,
  config: SshConfigFile,
): Target {
  return resolve(name, variables, options, config, []);
}

/** `way` are the ProxyJumps that have led here. */
function resolve(
  name: string,
  variables: ConnectionVariables,
  options: ConnectionOptions,
  config: SshConfigFile,
  way: readonly string[],
): Target {
  // As to OpenSSH, an inventory's name or address may say who logs in.
  const [, login, address = name] = /^(?:(.+)@)?(.*)$/s.exec(variables.host ?? name) ?? [];
  const fromArgs = parseSshArgs(name, `${variables.ssh_common_args ?? ''} ${variables.ssh_extra_args ?? ''}`);
  const settings: Settings = { ...config.settingsOf(address), ...fromArgs };
  if (settings['proxycommand'] && !settings['proxyjump']) {
    throw new UsageError(`${name}: ProxyCommand is not supported`, {
      hint: 'use ProxyJump in ~/.ssh/config',
    });
  }
  const first = (key: string): string | undefined => settings[key]?.[0];
  const user = options.user ?? variables.user ?? login ?? first('user') ?? process.env['USER'] ?? 'root';
  const key = options.privateKey ?? variables.ssh_private_key_file;
  const knownHosts = first('userknownhostsfile')?.split(/\s+/) ?? [
    '~/.ssh/known_hosts',
    '~/.ssh/known_hosts2',
  ];
  const checking = first('stricthostkeychecking')?.toLowerCase();
  const jump = first('proxyjump');
  return {
    name,
    address: first('hostname')?.replaceAll('%h', address) ?? address,
    port: portOf(name, String(variables.port ?? first('port') ?? 22)),
    user,
    identityFiles:
      key === undefined
        ? (settings['identityfile']?.map(expandHome) ?? defaultKeys.map(expandHome).filter(existsSync))
        : [expandHome(key)],
    agent: process.env['SSH_AUTH_SOCK'],
    password: options.askedPassword ?? variables.password,
    becomePassword: options.askedBecomePassword ?? variables.become_password,
    knownHostsFiles: [...knownHosts.map(expandHome), '/etc/ssh/ssh_known_hosts'],
    hostKeyPolicy: options.acceptNewHostKeys || checking === 'accept-new' ? 'accept-new' : 'strict',
    jump: jump === undefined || jump === 'none' ? undefined : resolveJump(jump, options, config, way),
    timeout: options.timeout,
    keepalive: {
      // 0 turns OpenSSH's keepalive off; ours is needed to notice an unreachable host.
      interval: (Number(first('serveraliveinterval')) || 15) * 1000,
      count: Number(first('serveralivecountmax') ?? 3),
    },
    keyExchange: algorithms(first('kexalgorithms')),
    ciphers: algorithms(first('ciphers')),
  };
}

// A list that starts with +, - or ^ changes OpenSSH's own defaults, which are not ours: it is left alone.
function algorithms(list: string | undefined): readonly string[] | undefined {
  return list === undefined || /^[+^-]/.test(list) ? undefined : list.split(',');
}

function portOf(name: string, text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new UsageError(`${name}: the port ${text} is not a number from 1 to 65535`, {
    hint: 'correct ansible_port, or the port in ~/.ssh/config or ProxyJump',
  });
}

function resolveJump(
  jump: string,
  options: ConnectionOptions,
  config: SshConfigFile,
  way: readonly string[],
): Target {
  if (way.includes(jump))
    throw new UsageError(
      `ProxyJump goes in a circle: ${[...way.slice(way.indexOf(jump)), jump].join(' -> ')}`,
      {
        hint: 'give one of these hosts "ProxyJump none" in ~/.ssh/config',
      },
    );
  const hops = jump.split(',');
  const last = hops.pop() ?? '';
  const match = /^(?:([^@]+)@)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(last);
  if (!match) throw new UsageError(`ProxyJump ${jump} is not [user@]host[:port]`);
  const [, user, host = '', port] = match;
  const variables: ConnectionVariables = {
    host: host.replace(/^\[|\]$/g, ''),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(hops.length === 0 ? {} : { ssh_common_args: `-J ${hops.join(',')}` }),
  };
  // The inventory's user is not the jump host's.
  const own: ConnectionOptions = { timeout: options.timeout, acceptNewHostKeys: options.acceptNewHostKeys };
  return resolve(host, variables, own, config, [...way, jump]);
}

function expandHome(path: string): string {
  return path.replace(/^~(?=\/|$)/, homedir()).replaceAll('%d', homedir());
}
