import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { hostname, userInfo } from 'node:os';
import type { Duplex } from 'node:stream';
import { messageOf, UnreachableError } from '../core/errors.ts';
import type { CommandChannel } from './channel.ts';
import type { PasswordGate } from './password-gate.ts';
import type { Target } from './target.ts';

/** The way to the machine that drover runs on: `ansible_connection: local`. */
export class LocalConnection {
  readonly target: Pick<Target, 'name' | 'user' | 'becomePassword'>;
  readonly hostKey = `local ${hostname()}`;
  /** Shared by all connections of a run. */
  readonly becomeGate: PasswordGate;
  readonly #streams = new Set<Socket>();

  constructor(name: string, becomePassword: string | undefined, becomeGate: PasswordGate) {
    this.target = { name, user: userInfo().username, becomePassword };
    this.becomeGate = becomeGate;
  }

  /** Starts a command in a shell of the user who runs drover. */
  readonly openCommand = async (command: string): Promise<CommandChannel> => {
    // In a session of its own Ctrl-C does not reach it, and nothing can ask on the terminal.
    const child = spawn('/bin/sh', ['-c', command], { cwd: '/', detached: true, stdio: 'pipe' });
    try {
      await once(child, 'spawn');
    } catch (error) {
      throw new UnreachableError(`${this.target.name}: cannot start a shell: ${messageOf(error)}`, {
        cause: error,
      });
    }
    const { stdin, stdout, stderr } = child;
    return {
      stdin,
      stdout,
      stderr,
      onClose: (listener) => void child.once('close', (status) => listener(status ?? undefined)),
      // It ends by itself once it has read the end of its input; nobody waits for that.
      destroy: () => {
        stdin.end();
        child.unref();
        for (const stream of [stdin, stdout, stderr]) (stream as Socket).unref();
      },
    };
  };

  async openStream(address: string, port: number): Promise<Duplex> {
    const socket = connect({ host: address, port, noDelay: true });
    this.#streams.add(socket);
    socket.once('close', () => this.#streams.delete(socket));
    try {
      await once(socket, 'connect');
    } catch (error) {
      throw new Error(`${address}:${port} from ${this.target.name}: ${messageOf(error)}`, { cause: error });
    }
    // The user of the stream may no longer listen when it is cut.
    socket.on('error', () => undefined);
    return socket;
  }

  /** Ends its streams; its shells end by themselves. */
  close(): void {
    for (const socket of this.#streams) socket.destroy();
  }
}
