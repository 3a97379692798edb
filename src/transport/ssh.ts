import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { dirname } from 'node:path';
import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { Algorithms, Client, ClientChannel, ConnectConfig } from 'ssh2';
import { messageOf, UnreachableError } from '../core/errors.ts';
import type { CommandChannel } from './channel.ts';
import { identitiesOf } from './identity.ts';
import { hostName, keyType, KnownHosts, type HostKeyVerdict } from './known-hosts.ts';
import type { Target } from './target.ts';

// Group exchange last: it costs 1.5 s of CPU a host, the others a few milliseconds.
const keyExchange = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group-exchange-sha256',
];

const hostKeyTypes = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

// RFC 4254, section 5.1.
const administrativelyProhibited = 1;

/** The server closed before the handshake: it has too many of them at once (MaxStartups). */
export class BusyServerError extends UnreachableError {}

/** One SSH connection to a host, with channels and tunnels through it. */
export class SshConnection {
  readonly target: Target;
  /** SHA-256 of the host's key, as OpenSSH shows it: what a host is known by. */
  readonly hostKey: string;
  readonly #ssh: NodeSSH;
  readonly #client: Client;
  readonly #jump: SshConnection | undefined;
  #lost: Error | undefined;

  private constructor(
    target: Target,
    ssh: NodeSSH,
    client: Client,
    hostKey: string,
    jump: SshConnection | undefined,
  ) {
    this.target = target;
    this.hostKey = hostKey;
    this.#ssh = ssh;
    this.#client = client;
    this.#jump = jump;
    // node-ssh takes its own listener off once connected; without one a later time-out would end the process.
    client.on('error', (error) => (this.#lost ??= error));
    client.on('close', () => (this.#lost ??= new Error('closed')));
  }

  static async open(target: Target): Promise<SshConnection> {
    const { name } = target;
    const jump = target.jump && (await SshConnection.open(target.jump));
    const socket = jump ? await jump.openStream(target.address, target.port) : await openSocket(target);
    const known = new KnownHosts(target.knownHostsFiles.map(readIfThere));
    const { methods, tried } = identitiesOf(target);
    if (methods.length === 0) {
      socket.destroy();
      throw new UnreachableError(
        `${name}: nothing to log in with as ${target.user} (${tried.join(', ') || 'no key'})`,
        {
          hint: 'give a key (--private-key, ansible_ssh_private_key_file, ssh-agent) or a password (-k)',
        },
      );
    }
    let verdict: HostKeyVerdict | undefined;
    let hostKey: Buffer | undefined;
    let greeted = false;
    const config = {
      sock: socket as NonNullable<ConnectConfig['sock']>,
      username: target.user,
      authHandler: [...methods],
      hostVerifier: (key: Buffer) => {
        hostKey = key;
        verdict = known.verdict(target.address, target.port, key);
        return verdict === 'known' || (verdict === 'unknown' && target.hostKeyPolicy === 'accept-new');
      },
      algorithms: algorithmsFor(target, known),
      readyTimeout: target.timeout,
      keepaliveInterval: 15_000,
      keepaliveCountMax: 3,
    } satisfies ConnectConfig;
    const ssh = new NodeSSH();
    const connecting = ssh.connect(config);
    ssh.connection?.once('greeting', () => (greeted = true));
    ssh.connection?.once('handshake', () => (greeted = true));
    try {
      await connecting;
    } catch (error) {
      socket.destroy();
      jump?.close();
      throw explain(target, error, { verdict, hostKey, greeted, tried });
    }
    const client = ssh.connection;
    if (!client || !hostKey) throw new UnreachableError(`${name}: the connection was lost at once`);
    if (verdict === 'unknown') remember(target, hostKey);
    return new SshConnection(target, ssh, client, fingerprint(hostKey), jump);
  }

  /** Starts a command through the login user's shell. */
  readonly openCommand = (command: string): Promise<CommandChannel> =>
    new Promise((resolve, reject) => {
      if (this.#lost) {
        reject(this.#lostError(this.#lost));
        return;
      }
      this.#client.exec(command, (error, channel) => {
        if (error)
          reject(new UnreachableError(`${this.target.name}: cannot start a command`, { cause: error }));
        else resolve(asCommand(channel, this.#client));
      });
    });

  /** A connection from the host to an address that it can reach. */
  openStream(address: string, port: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      if (this.#lost) {
        reject(this.#lostError(this.#lost));
        return;
      }
      this.#client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
        if (!error) resolve(channel);
        else if ((error as { reason?: unknown }).reason === administrativelyProhibited)
          reject(this.#forbidden());
        else reject(new Error(`${address}:${port} from ${this.target.name}: ${tunnelProblem(error)}`));
      });
    });
  }

  close(): void {
    this.#ssh.dispose();
    this.#client.end();
    this.#jump?.close();
  }

  #forbidden(): UnreachableError {
    return new UnreachableError(`${this.target.name}: its sshd forbids TCP forwarding`, {
      hint: 'set AllowTcpForwarding yes (or local) in its sshd_config: etcd, Patroni and PostgreSQL are reached through it',
    });
  }

  #lostError(cause: Error): UnreachableError {
    return new UnreachableError(`${this.target.name}: the connection was lost: ${cause.message}`, { cause });
  }
}

function asCommand(channel: ClientChannel, client: Client): CommandChannel {
  let status: number | undefined;
  channel.on('exit', (code: number | null) => (status = code ?? undefined));
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    onClose(listener) {
      let called = false;
      const once = () => {
        if (!called) listener(status);
        called = true;
        client.off('close', once);
      };
      channel.on('close', once);
      channel.on('error', once);
      client.on('close', once);
    },
    destroy: () => channel.destroy(),
  };
}

function openSocket({ name, address, port, timeout }: Target): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // Without noDelay each small exchange waits 40 to 80 ms for the other side's delayed acknowledgement.
    const socket = connectSocket({ host: address, port, noDelay: true });
    const timer = setTimeout(
      () => socket.destroy(new Error(`no answer within ${timeout / 1000} s`)),
      timeout,
    );
    socket.once('error', (error) => {
      clearTimeout(timer);
      const code = (error as NodeJS.ErrnoException).code;
      reject(
        new UnreachableError(`${name}: cannot connect to ${address}:${port}: ${reasonOf(code, error)}`, {
          cause: error,
          hint: 'check ansible_host and ansible_port, and that sshd runs there',
        }),
      );
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      // ssh2 adds a listener of its own; until then an error must not end the process.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

function reasonOf(code: string | undefined, error: Error): string {
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'connection refused',
    EHOSTUNREACH: 'no route to the host',
    ENETUNREACH: 'no route to the network',
    ENOTFOUND: 'the name does not resolve',
    EAI_AGAIN: 'the name does not resolve',
  };
  return reasons[code ?? ''] ?? error.message;
}

function algorithmsFor(target: Target, known: KnownHosts): Algorithms {
  const first = known
    .typesOf(target.address, target.port)
    .flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type]))
    .filter((type) => hostKeyTypes.includes(type));
  return {
    kex: (target.keyExchange ?? keyExchange) as NonNullable<Algorithms['kex']>,
    serverHostKey: [...new Set([...first, ...hostKeyTypes])] as NonNullable<Algorithms['serverHostKey']>,
    ...(target.ciphers ? { cipher: target.ciphers as NonNullable<Algorithms['cipher']> } : {}),
  };
}

interface Circumstances {
  readonly verdict: HostKeyVerdict | undefined;
  readonly hostKey: Buffer | undefined;
  readonly greeted: boolean;
  readonly tried: readonly string[];
}

function explain(target: Target, error: unknown, seen: Circumstances): UnreachableError {
  const { name, address, port, user } = target;
  const place = `${name} (${hostName(address, port)})`;
  const key = seen.hostKey ? `${keyType(seen.hostKey)} ${fingerprint(seen.hostKey)}` : '';
  switch (seen.verdict) {
    case 'changed':
      return new UnreachableError(`${place}: its host key has CHANGED; it now shows ${key}`, {
        hint: `someone may be listening in. If the host was reinstalled: ssh-keygen -R '${hostName(address, port)}'`,
      });
    case 'revoked':
      return new UnreachableError(`${place}: its host key ${key} is revoked`);
    case 'unknown':
      if (target.hostKeyPolicy === 'accept-new') break;
      return new UnreachableError(`${place}: its host key is not known: ${key}`, {
        hint: 'compare the fingerprint, then run once with --accept-new-host-keys',
      });
    case 'known':
    case undefined:
      break;
  }
  const level = (error as { level?: string }).level;
  if (level === 'client-authentication') {
    return new UnreachableError(`${name}: login as ${user} refused (tried ${seen.tried.join(', ')})`, {
      hint: `check with: ssh -p ${port} ${user}@${address}`,
      cause: error,
    });
  }
  if (level === 'client-timeout') {
    return new UnreachableError(`${name}: no login within ${target.timeout / 1000} s`, {
      hint: 'is it overloaded? --timeout gives it longer',
      cause: error,
    });
  }
  if (!seen.greeted && seen.verdict === undefined) {
    return new BusyServerError(`${name}: ${address}:${port} closed the connection before the handshake`, {
      cause: error,
      hint: 'is it an sshd, and do its MaxStartups and PerSourcePenalties allow for us?',
    });
  }
  return new UnreachableError(`${name}: ${messageOf(error)}`, { cause: error });
}

function tunnelProblem(error: Error): string {
  return error.message.replace(/^\(SSH\) Channel open failure: /, '').toLowerCase();
}

function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function remember(target: Target, key: Buffer): void {
  const [file] = target.knownHostsFiles;
  if (file === undefined || file === '/dev/null') return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const line = `${hostName(target.address, target.port)} ${keyType(key)} ${key.toString('base64')}\n`;
  appendFileSync(file, line, { mode: 0o600 });
}
