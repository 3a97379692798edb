// etcd, Patroni, HAProxy and PostgreSQL as protocols over any stream. What an answer means for a cluster is not here.
import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { DroverError, messageOf } from '../core/errors.ts';
import type { OpenStream } from './stream.ts';

/** One HTTP request as data. Text in it may hold placeholders of secrets, until it is sent. */
export interface HttpRequest {
  readonly address: string;
  readonly port: number;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly user?: string;
  readonly password?: string;
}

/** What came back, or why nothing did. */
export type HttpAnswer =
  | {
      answered: true;
      status: number;
      body: string;
      /** When, in seconds of the epoch, by the clock of who answered; undefined where it does not say. */
      at?: number;
    }
  | { answered: false; reason: string };

export interface HttpOptions {
  /** Milliseconds for the whole exchange. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

// An answer this long is no answer of an API we talk to.
const largestBody = 16 * 1024 * 1024;

/** Sends one request over a connection of its own. Silence is an answer too; only a lost host is thrown. */
export async function sendHttp(
  request: HttpRequest,
  openStream: OpenStream,
  { timeout, signal }: HttpOptions,
): Promise<HttpAnswer> {
  const deadline = AbortSignal.timeout(timeout);
  const stop = signal ? AbortSignal.any([deadline, signal]) : deadline;
  let stream: Duplex | undefined;
  try {
    const opened = openStream(request.address, request.port);
    stream = await untilAborted(opened, stop);
    return await exchange(request, stream, stop);
  } catch (error) {
    // The host itself is out of reach, or does not let us through: no answer of the API's.
    if (error instanceof DroverError) throw error;
    const reason = deadline.aborted ? `no answer within ${timeout / 1000} s` : messageOf(error);
    return { answered: false, reason };
  } finally {
    stream?.destroy();
  }
}

function untilAborted(opened: Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(new Error('aborted'));
      // A connection that opens after all must not stay open.
      opened.then((late) => late.destroy()).catch(() => undefined);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    opened.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function exchange(request: HttpRequest, stream: Duplex, signal: AbortSignal): Promise<HttpAnswer> {
  const { address, port, method, path, headers, body, user, password } = request;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host: address,
        port,
        method,
        path,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(user === undefined ? {} : { auth: `${user}:${password ?? ''}` }),
        createConnection: () => stream,
        signal,
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > largestBody) response.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const at = Date.parse(response.headers.date ?? '') / 1000;
          resolve({
            answered: true,
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('utf8'),
            ...(Number.isNaN(at) ? {} : { at }),
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The body of an answer as JSON; undefined for silence and for what is no JSON. */
export function jsonOf(answer: HttpAnswer): unknown {
  if (!answer.answered) return undefined;
  try {
    return JSON.parse(answer.body);
  } catch {
    return undefined;
  }
}
