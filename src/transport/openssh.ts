import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { UnreachableError } from '../core/errors.ts';
import { lastLines } from '../core/text.ts';
import type { CommandChannel } from './channel.ts';
import { streamOf } from './child-stream.ts';
import { commandRefused, connectionLost, forwardingForbidden } from './login-errors.ts';
import { explainSaid, lastWords, shownKey } from './openssh-errors.ts';
import { PasswordGate } from './password-gate.ts';
import type { OpenSshWay, Target } from './target.ts';

// The connection ends with drover, however that ends: then the shell's input does. It is called by the socket's folder.
const master = '"$@" </dev/null & exec >&- 2>&-; read -r _; kill $!; wait $!; rm -rf "$0"';

/** The status of ssh itself; a program may have it as well. */
const ownFailure = 255;

/** Characters kept of what ssh says. */
const enoughSaid = 100_000;

/**
 * One connection to a host by the program ssh, for what only that can do. A first process has the connection, and each
 * command and tunnel is one more that goes over it.
 */
export class OpenSshConnection {
  readonly target: Target;
  /** SHA-256 of the host's key: it identifies the host. */
  readonly hostKey: string;
  readonly sentPassword = false;
  /** Shared by all connections of a run. */
  readonly becomeGate: PasswordGate;
  readonly #master: Master;

  private constructor(target: Target, connected: Master, becomeGate: PasswordGate) {
    this.target = target;
    this.hostKey = shownKey(connected.said)?.fingerprint ?? target.knownAs;
    this.#master = connected;
    this.becomeGate = becomeGate;
  }

  /** The signal ends what is under way until the host has let us in. */
  static async open(
    target: Target,
    way: OpenSshWay,
    becomeGate = new PasswordGate(),
    signal?: AbortSignal,
  ): Promise<OpenSshConnection> {
    const connecting = new Master(target, way);
    const stop = () => connecting.close();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    try {
      await connecting.ready;
      return new OpenSshConnection(target, connecting, becomeGate);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Starts a command through the login user's shell. */
  readonly openCommand = async (command: string): Promise<CommandChannel> => {
    const child = await this.#start(['-o', 'LogLevel=ERROR', ...this.#agent], command);
    const { stdin, stdout, stderr } = child;
    let said = '';
    stderr.on('data', (chunk: Buffer) => (said += said.length < enoughSaid ? chunk.toString('latin1') : ''));
    return {
      stdin,
      stdout,
      stderr,
      onClose: (listener) =>
        void child.once('close', (status) => {
          if (status === ownFailure) void this.#whyNot(said).then((why) => listener(status, why));
          else listener(status ?? undefined, this.#master.lost);
        }),
      destroy: () => void child.kill(),
    };
  };

  /** A connection from the host to an address that it can reach. */
  async openStream(address: string, port: number): Promise<Duplex> {
    const place = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    const child = await this.#start(['-v', '-W', place]);
    const stream = streamOf(child, () => this.#master.lostSoon());
    let said = '';
    const opened = new Promise<boolean>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString('utf8')).slice(-enoughSaid);
        if (said.includes('master session id')) resolve(true);
      });
      child.once('close', () => resolve(false));
    });
    if (await opened) return stream;
    const lost = await this.#master.lostSoon();
    if (lost) throw lost;
    const why = this.#master.whyRefused(address, port) ?? lastLines(said);
    if (/prohibited/.test(why)) throw forwardingForbidden(this.target.name);
    throw new Error(`${address}:${port} from ${this.target.name}: ${why.toLowerCase()}`);
  }

  close(): void {
    this.#master.close();
  }

  /** Why a command was not started, or is no more, if that is ssh's doing and not its own. */
  async #whyNot(said: string): Promise<UnreachableError | undefined> {
    const lost = await this.#master.lostSoon();
    if (lost || !said.includes('refused by peer')) return lost;
    return commandRefused(this.target.name, 'open failed');
  }

  get #agent(): string[] {
    return this.target.forwardAgent ? ['-A'] : [];
  }

  /** A process over the connection. Without that it must not make one of its own. */
  async #start(options: readonly string[], command?: string): Promise<ChildProcessWithoutNullStreams> {
    if (this.#master.lost) throw this.#master.lost;
    const over = ['-F', 'none', '-S', this.#master.socket, '-o', 'ProxyCommand=false', '-T'];
    const words = [...over, ...options, '--', 'host', ...(command === undefined ? [] : [command])];
    const child = spawn('ssh', words, { stdio: 'pipe', detached: true });
    await once(child, 'spawn');
    return child;
  }
}

/** The process that has the connection. */
class Master {
  readonly socket: string;
  /** Resolves when the host has let us in. */
  readonly ready: Promise<void>;
  /** Why there is no connection any more. */
  lost: UnreachableError | undefined;
  said = '';
  readonly #name: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'drover-ssh-'));
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;

  constructor(target: Target, way: OpenSshWay) {
    this.#name = target.name;
    this.socket = join(this.#folder, 's');
    const words = ['ssh', '-M', '-N', '-T', '-v', '-S', this.socket, ...options(target), ...way.args];
    // In a session of its own Ctrl-C does not reach it, and it cannot ask on the terminal.
    this.#child = spawn('/bin/sh', ['-c', master, this.#folder, ...words, '--', way.host], {
      stdio: 'pipe',
      detached: true,
      env: { ...process.env, SSH_ASKPASS_REQUIRE: 'never' },
    });
    this.#child.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve) => this.#child.stderr.once('close', resolve));
    const late = 2 * target.timeout;
    const tooLate = new UnreachableError(`${target.name}: no login within ${late / 1000} s`, {
      hint: 'is it overloaded? --timeout gives it longer',
    });
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#end(tooLate), late);
      this.#child.stderr.on('data', (chunk: Buffer) => {
        this.said = (this.said + chunk.toString('utf8')).slice(-enoughSaid);
        if (!this.said.includes(`[${this.socket}]`)) return;
        clearTimeout(timer);
        resolve();
      });
      void this.#ended.then(() => {
        clearTimeout(timer);
        this.lost ??= this.said.includes(`[${this.socket}]`)
          ? connectionLost(this.#name, lastWords(this.said))
          : explainSaid(target, this.said);
        this.#child.stdin.end();
        reject(this.lost);
      });
    });
    this.ready.catch(() => undefined);
  }

  /** Whether the connection is lost, once that can be known. */
  async lostSoon(): Promise<UnreachableError | undefined> {
    if (this.lost) return this.lost;
    if (!(await this.#listens())) await this.#ended;
    return this.lost;
  }

  /** It does until it ends: that is seen sooner here than by its end, which it may be about to come to. */
  #listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.socket, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  }

  /** Why the host did not open a tunnel to a place. */
  whyRefused(address: string, port: number): string | undefined {
    const lines = this.said.split(/\r?\n/);
    const asked = lines.findLastIndex((line) =>
      line
        .replace('channel_connect_stdio_fwd: ', 'channel_connect_stdio_fwd ')
        .endsWith(`fwd ${address}:${port}`),
    );
    const [, channel] = /channel (\d+): new .*stdio-forward/.exec(lines.slice(asked).join('\n')) ?? [];
    const failed = lines.findLast((line) => line.startsWith(`channel ${channel}: open failed: `));
    return failed?.replace(/^.*open failed: (connect failed: )?/, '');
  }

  close(): void {
    this.#end(new UnreachableError(`${this.#name}: the connection is closed`));
  }

  #end(why: UnreachableError): void {
    this.lost ??= why;
    this.#child.stdin.end();
  }
}

/** Before all others: of two values ssh takes the first. */
function options({ keepalive, timeout, hostKeyPolicy }: Target): string[] {
  const settings = {
    BatchMode: 'yes',
    ControlPersist: 'no',
    ClearAllForwardings: 'yes',
    PermitLocalCommand: 'no',
    RemoteCommand: 'none',
    StrictHostKeyChecking: hostKeyPolicy === 'accept-new' ? 'accept-new' : 'yes',
    ConnectTimeout: String(Math.ceil(timeout / 1000)),
    ServerAliveInterval: String(Math.ceil(keepalive.interval / 1000)),
    ServerAliveCountMax: String(keepalive.count),
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}
