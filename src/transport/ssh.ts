import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { AuthHandlerMiddleware, Client, ClientChannel, ConnectConfig } from 'ssh2';
import { DroverError, messageOf, UnreachableError } from '../core/errors.ts';
import { algorithmsFor } from './algorithms.ts';
import type { CommandChannel } from './channel.ts';
import { Identities } from './identity.ts';
import { fingerprint, KnownHosts, remember, type HostKeyVerdict } from './known-hosts.ts';
import {
  commandRefused,
  connectionLost,
  explain,
  forwardingForbidden,
  nothingToLogInWith,
} from './login-errors.ts';
import { PasswordGate } from './password-gate.ts';
import { openSocket } from './socket.ts';
import type { Target } from './target.ts';

// RFC 4254, section 5.1: administratively prohibited.
const prohibited = 1;

// Characters kept of a server's first output, for servers that do not speak SSH.
const enoughSaid = 1000;

// How long a host may take to say goodbye, in milliseconds.
const farewell = 2000;

interface Opened {
  readonly ssh: NodeSSH;
  readonly client: Client;
  readonly socket: Duplex;
  readonly hostKey: Buffer;
  readonly sentPassword: boolean;
}

/** One SSH connection to a host, with channels and tunnels through it. */
export class SshConnection {
  readonly target: Target;
  /** SHA-256 of the host's key, as OpenSSH shows it: it identifies the host. */
  readonly hostKey: string;
  /** Whether the host let us in by the password. */
  readonly sentPassword: boolean;
  /** Shared by all connections of a run. */
  readonly becomeGate: PasswordGate;
  readonly #opened: Opened;
  readonly #jump: SshConnection | undefined;
  /** Notified when the connection is lost: ssh2 would end the streams as if they were complete. */
  readonly #users = new Set<(lost: UnreachableError) => void>();
  #lost: UnreachableError | undefined;

  private constructor(
    target: Target,
    opened: Opened,
    jump: SshConnection | undefined,
    becomeGate: PasswordGate,
  ) {
    this.target = target;
    this.hostKey = fingerprint(opened.hostKey);
    this.sentPassword = opened.sentPassword;
    this.becomeGate = becomeGate;
    this.#opened = opened;
    this.#jump = jump;
    opened.client.on('error', (error) => (this.#lost ??= this.#lostError(error)));
    opened.client.on('close', () => {
      this.#lost ??= this.#lostError();
      for (const tell of this.#users) tell(this.#lost);
      this.#jump?.close();
    });
  }

  /** The signal ends what is under way until the host has let us in. */
  static async open(
    target: Target,
    becomeGate = new PasswordGate(),
    signal?: AbortSignal,
  ): Promise<SshConnection> {
    const jump = target.jump && (await SshConnection.open(target.jump, undefined, signal));
    let socket: Duplex | undefined;
    const stop = () => socket?.destroy(new Error('interrupted'));
    signal?.addEventListener('abort', stop);
    try {
      socket = await (jump ? jump.#openSocket(target) : openSocket(target, signal));
      if (signal?.aborted) stop();
      return new SshConnection(target, await logIn(target, socket), jump, becomeGate);
    } catch (error) {
      jump?.close();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Starts a command through the login user's shell. */
  readonly openCommand = async (command: string): Promise<CommandChannel> => {
    const { client } = this.#opened;
    const channel = await this.#openChannel<ClientChannel>(
      (done) => client.exec(command, done),
      (error) => commandRefused(this.target.name, channelProblem(error), error),
    );
    return this.#asCommand(channel);
  };

  /** A connection from the host to an address that it can reach. */
  async openStream(address: string, port: number): Promise<Duplex> {
    const { client } = this.#opened;
    const channel = await this.#openChannel<ClientChannel>(
      (done) => client.forwardOut('127.0.0.1', 0, address, port, done),
      (error) =>
        error.reason === prohibited
          ? forwardingForbidden(this.target.name, error)
          : new Error(`${address}:${port} from ${this.target.name}: ${channelProblem(error)}`),
    );
    // The user of the stream may no longer listen when the connection is lost.
    channel.on('error', () => undefined);
    const tell = (lost: UnreachableError) => channel.emit('error', lost);
    this.#users.add(tell);
    channel.once('close', () => this.#users.delete(tell));
    return channel;
  }

  close(): void {
    const { ssh, client, socket } = this.#opened;
    this.#lost ??= new UnreachableError(`${this.target.name}: the connection is closed`);
    ssh.dispose();
    client.end();
    // A host that is gone would keep the process from ending.
    const timer = setTimeout(() => socket.destroy(), farewell).unref();
    client.once('close', () => clearTimeout(timer));
  }

  async #openSocket(target: Target): Promise<Duplex> {
    const { address, port, name, timeout } = target;
    const opening = this.openStream(address, port);
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeout / 1000} s`)), timeout);
    });
    try {
      return await Promise.race([opening, tooLate]);
    } catch (error) {
      if (error instanceof DroverError) throw error;
      throw new UnreachableError(`${name}: cannot connect through ${this.target.name}: ${messageOf(error)}`, {
        cause: error,
        hint: `check that ${this.target.name} reaches ${address}:${port}`,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #openChannel<Channel>(
    open: (done: (error: ChannelError | undefined, channel: Channel) => void) => unknown,
    refusal: (error: ChannelError) => Error,
  ): Promise<Channel> {
    return new Promise((resolve, reject) => {
      if (this.#lost) {
        reject(this.#lost);
        return;
      }
      try {
        open((error, channel) => {
          if (error) reject(this.#lost ?? refusal(error));
          else resolve(channel);
        });
      } catch (error) {
        reject(this.#lostError(error));
      }
    });
  }

  #asCommand(channel: ClientChannel): CommandChannel {
    let status: number | undefined;
    channel.on('exit', (code: number | null) => (status = code ?? undefined));
    return {
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      onClose: (listener) => {
        const end = (lost?: Error) => {
          if (!this.#users.delete(end)) return;
          listener(status, lost);
        };
        this.#users.add(end);
        channel.on('close', () => end());
        channel.on('error', () => end());
      },
      destroy: () => channel.destroy(),
    };
  }

  #lostError(cause?: unknown): UnreachableError {
    if (this.#lost) return this.#lost;
    const { interval, count } = this.target.keepalive;
    const silent = (cause as { level?: string } | undefined)?.level === 'client-timeout';
    const silence = `no sign of life for ${(interval * (count + 1)) / 1000} s`;
    const told = cause === undefined ? 'the other side closed it' : messageOf(cause);
    const why = silent ? silence : told;
    return connectionLost(this.target.name, why, cause);
  }
}

/** Shakes hands and logs in over a socket, which is closed if that fails. */
async function logIn(target: Target, socket: Duplex): Promise<Opened> {
  const known = KnownHosts.read(target.knownHostsFiles);
  const identities = new Identities(target);
  if (!identities.usable) {
    socket.destroy();
    throw nothingToLogInWith(target, identities);
  }
  let verdict: HostKeyVerdict | undefined;
  let hostKey: Buffer | undefined;
  let greeted = false;
  let said = '';
  const listen = (chunk: Buffer) => (said += said.length < enoughSaid ? chunk.toString('latin1') : '');
  const authHandler: AuthHandlerMiddleware = (accepted, partial) => identities.next(accepted, partial);
  const ssh = new NodeSSH();
  try {
    const connecting = ssh.connect({
      sock: socket as NonNullable<ConnectConfig['sock']>,
      username: target.user,
      authHandler,
      hostVerifier: (key: Buffer) => {
        hostKey = key;
        verdict = known.verdict(target.knownAs, key);
        return verdict === 'known' || (verdict === 'unknown' && target.hostKeyPolicy === 'accept-new');
      },
      algorithms: algorithmsFor(target.algorithms, target.knownAs, known),
      ...(target.forwardAgent && target.agent !== undefined
        ? { agent: target.agent, agentForward: true }
        : {}),
      readyTimeout: target.timeout,
      keepaliveInterval: target.keepalive.interval,
      keepaliveCountMax: target.keepalive.count,
    } satisfies ConnectConfig);
    const client = ssh.connection;
    socket.on('data', listen);
    // node-ssh takes its own listener off once connected; without one a later time-out would end the process.
    client?.on('error', () => undefined);
    client?.once('handshake', () => (greeted = true));
    await connecting;
    if (!client || !ssh.connection || !hostKey) throw new Error('the connection was lost at once');
    if (verdict === 'unknown') remember(target, hostKey);
    return { ssh, client, socket, hostKey, sentPassword: identities.sentPassword };
  } catch (error) {
    socket.destroy();
    throw error instanceof DroverError
      ? error
      : explain(target, error, { verdict, hostKey, greeted, said, identities });
  } finally {
    socket.off('data', listen);
  }
}

interface ChannelError extends Error {
  /** RFC 4254's reason code. */
  readonly reason?: number | string;
}

function channelProblem(error: Error): string {
  return error.message.replace(/^\(SSH\) Channel open failure: /, '').toLowerCase();
}
