import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, homedir, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import pLimit from 'p-limit';
import { UsageError } from '../core/errors.ts';

/** What OpenSSH is asked about: a host as the inventory and the command line name it. */
export interface HostSpec {
  readonly address: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly key: string | undefined;
  /** Further arguments of ssh. */
  readonly args: readonly string[];
}

/** Settings by keyword in lower case, as `ssh -G` prints them; of a keyword that is given several times, each. */
export type SshSettings = ReadonlyMap<string, readonly string[]>;

const home = homeFolder();
const userFile = `${home}/.ssh/config`;
const systemFile = '/etc/ssh/ssh_config';

/** Keywords of Debian's own file, which say nothing about the way to a host. */
const ofNoConcern = ['host', 'sendenv', 'hashknownhosts', 'gssapiauthentication'];

// Match exec and the resolving of names may take a while, in milliseconds.
const patience = 30_000;

/** The settings of ssh for hosts. It is ssh that reads its configuration: nobody else knows all that counts there. */
export class SshConfig {
  readonly #file: string | undefined;
  readonly #silent: boolean;
  readonly #asked = new Map<string, Promise<SshSettings>>();
  readonly #limit = pLimit(2 * availableParallelism());

  /** `file` replaces the user's and the system's configuration. */
  constructor(file?: string) {
    this.#file = file;
    this.#silent = (file === undefined ? [userFile, systemFile] : [file]).every(saysNothing);
  }

  /** Each distinct question is asked once; where no file says anything, hosts with equal arguments share an answer. */
  async settingsOf(name: string, spec: HostSpec): Promise<SshSettings> {
    if (this.#silent && spec.args.length === 0) return defaults(spec);
    const shared = this.#silent && !spec.args.some((word) => word.includes('%') || /^-\w*F/.test(word));
    const asked = shared ? { ...spec, address: 'host' } : spec;
    const key = JSON.stringify(asked);
    let answer = this.#asked.get(key);
    if (!answer) {
      answer = this.#limit(() => ask(name, this.argumentsFor(asked), asked.address));
      this.#asked.set(key, answer);
    }
    return shared ? new Map([...(await answer), ['hostname', [spec.address]]]) : answer;
  }

  /** What ssh is to be called with, but for the host. Of two values ssh takes the first. */
  argumentsFor({ user, port, key, args }: HostSpec): string[] {
    return [
      ...(this.#file === undefined ? [] : ['-F', this.#file]),
      ...(user === undefined ? [] : ['-l', user]),
      ...(port === undefined ? [] : ['-p', String(port)]),
      ...(key === undefined ? [] : ['-o', `IdentityFile="${key.replace(/["\\]/g, '\\$&')}"`]),
      ...args,
    ];
  }
}

/** The user's home, which to ssh is what the system says, not $HOME. */
function homeFolder(): string {
  try {
    return userInfo().homedir;
  } catch {
    return homedir();
  }
}

/** A path of ssh's configuration: `~` is the home. */
export function expandHome(path: string): string {
  return path.replace(/^~(?=\/|$)/, home);
}

async function ask(name: string, args: readonly string[], address: string): Promise<SshSettings> {
  const words = ['-G', '-T', ...args, '--', address];
  try {
    const asking = promisify(execFile)('ssh', words, { timeout: patience });
    asking.child.stdin?.end();
    const settings = parse((await asking).stdout);
    // A word that is no option is a host to ssh, and ours then a command.
    const [host = address] = settings.get('host') ?? [];
    if (host === address) return settings;
    throw new UsageError(`${name}: ssh takes ${host} for the host`, {
      hint: 'the ssh arguments of the inventory may only be options',
    });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw explain(name, error as FailedCall, words);
  }
}

interface FailedCall extends Error {
  readonly code?: string | number;
  readonly killed?: boolean;
  readonly stderr?: string;
}

function explain(
  name: string,
  { code, killed, stderr = '', message }: FailedCall,
  words: string[],
): UsageError {
  if (code === 'ENOENT') {
    return new UsageError(`${name}: there is no program ssh, which has to read its configuration`, {
      hint: `apt-get install openssh-client; without it ${userFile}, ${systemFile} and the ssh arguments have to be empty`,
    });
  }
  const [, circle] = /^jumphost loop via (.*)$/m.exec(stderr) ?? [];
  if (circle !== undefined) return circularJump([circle, circle]);
  const why = killed === true ? `no answer within ${patience / 1000} s` : lastLine(stderr) || message;
  return new UsageError(`${name}: ssh does not accept its configuration: ${why}`, {
    hint: `correct it; this was asked: ssh ${words.join(' ')}`,
  });
}

export function circularJump(way: readonly string[]): UsageError {
  return new UsageError(`ProxyJump goes in a circle: ${way.join(' -> ')}`, {
    hint: 'give one of these hosts "ProxyJump none" in ~/.ssh/config',
  });
}

/** What ssh says of an error; the line after a file's errors only counts them. */
function lastLine(stderr: string): string {
  const lines = stderr.split(/\r?\n/).filter((line) => line !== '' && !/: terminating, \d+ bad/.test(line));
  return lines.at(-1) ?? '';
}

function parse(stdout: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const [, key = '', value = ''] = /^(\S+) ?(.*)$/.exec(line) ?? [];
    if (key !== '') settings.set(key, [...(settings.get(key) ?? []), value]);
  }
  return settings;
}

/** ssh's own settings, for where there is nothing to read. */
function defaults({ address, user, port, key }: HostSpec): SshSettings {
  const keys = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk'];
  return new Map(
    Object.entries({
      hostname: [address],
      user: [user ?? localUser()],
      port: [String(port ?? 22)],
      identityfile: key === undefined ? keys.map((each) => `~/.ssh/${each}`) : [key],
      userknownhostsfile: [`${home}/.ssh/known_hosts ${home}/.ssh/known_hosts2`],
      globalknownhostsfile: ['/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2'],
    }),
  );
}

export function localUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'root';
  }
}

/** Whether a file says nothing that could concern the way to a host, or is not there. */
function saysNothing(path: string): boolean {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  return text.split('\n').every((line) => {
    const [, keyword = '', value = ''] = /^\s*([^\s#=]*)[\s=]*(.*?)\s*$/.exec(line) ?? [];
    if (keyword === '' || ofNoConcern.includes(keyword.toLowerCase())) return true;
    return keyword.toLowerCase() === 'include' && isEmptyFolder(value);
  });
}

/** Whether `FOLDER/*` includes nothing. */
function isEmptyFolder(pattern: string): boolean {
  const folder = dirname(pattern);
  if (!/^\/[^*?[\s"]*$/.test(folder)) return false;
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
