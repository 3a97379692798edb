import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { UnreachableError } from '../core/errors.ts';
import type { Target } from './target.ts';

/** A TCP connection to a target's sshd. */
export function openSocket({ name, address, port, timeout }: Target, signal?: AbortSignal): Promise<Duplex> {
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
