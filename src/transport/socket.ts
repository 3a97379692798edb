import { spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { UnreachableError } from '../core/errors.ts';
import { lastLines } from '../core/text.ts';
import { streamOf } from './child-stream.ts';
import type { Target } from './target.ts';

/** A connection to a target's sshd: by TCP, or what its ProxyCommand makes. */
export async function openSocket(target: Target, signal?: AbortSignal): Promise<Duplex> {
  return target.proxyCommand === undefined
    ? openTcp(target, signal)
    : openByCommand(target.name, target.proxyCommand);
}

/** The program lives as long as the stream: what it says on stderr counts when it ends first. */
function openByCommand(name: string, command: string): Duplex {
  const shell = process.env['SHELL'] ?? '/bin/sh';
  // In a session of its own Ctrl-C does not reach it, and it cannot ask on the terminal.
  const child = spawn(shell, ['-c', `exec ${command}`], { stdio: 'pipe', detached: true });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-1000)));
  const ended = new Promise<Error>((resolve) => {
    const end = (why: string) => {
      const words = said.trim() === '' ? why : lastLines(said);
      const hint = `try it: ${command}`;
      resolve(new UnreachableError(`${name}: its ProxyCommand has ended: ${words}`, { hint }));
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (status, by) => end(by ?? `exit status ${status ?? '?'}`));
  });
  return streamOf(child, () => ended);
}

function openTcp({ name, address, port, timeout }: Target, signal?: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // Without noDelay each small exchange waits 40 to 80 ms for the other side's delayed acknowledgement.
    const socket = connect({ host: address, port, noDelay: true });
    const timer = setTimeout(
      () => socket.destroy(new Error(`no answer within ${timeout / 1000} s`)),
      timeout,
    );
    const stop = () => socket.destroy(new Error('interrupted'));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    const settled = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    };
    socket.once('error', (error) => {
      settled();
      reject(
        new UnreachableError(`${name}: cannot connect to ${address}:${port}: ${reasonOf(error)}`, {
          cause: error,
          hint: 'check ansible_host and ansible_port, and that sshd runs there',
        }),
      );
    });
    socket.once('connect', () => {
      settled();
      socket.removeAllListeners('error');
      // ssh2 adds a listener of its own; until then an error must not end the process.
      socket.on('error', () => undefined);
      gatherWrites(socket);
      resolve(socket);
    });
  });
}

/**
 * Combines writes of the same turn of the event loop: ssh2 writes a packet in three pieces, each of which would be a system
 * call here, a segment on the wire, and a wake-up of sshd.
 */
function gatherWrites(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  // Not by a class of its own: connect() puts back the write of Socket itself.
  socket.write = (...args: unknown[]) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return write(...args);
  };
}

function reasonOf(error: NodeJS.ErrnoException): string {
  const reasons: Record<string, string> = {
    ECONNREFUSED: 'connection refused',
    EHOSTUNREACH: 'no route to the host',
    ENETUNREACH: 'no route to the network',
    ENOTFOUND: 'the name does not resolve',
    EAI_AGAIN: 'the name does not resolve',
  };
  return reasons[error.code ?? ''] ?? error.message;
}
