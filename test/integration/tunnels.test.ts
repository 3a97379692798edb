import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Duplex } from 'node:stream';
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendHttp, type HttpRequest } from '../../src/clients/http.ts';
import { runSql, type SqlQuery } from '../../src/clients/sql.ts';
import type { OpenStream } from '../../src/clients/stream.ts';
import { UnreachableError } from '../../src/core/errors.ts';
import type { HostConnection } from '../../src/transport/pool.ts';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { Sshd } from './support/sshd.ts';

const controller = Controller.use();
let machine: Machine;
let sshd: Sshd;

/** One line says what to serve, on loopback only: what is no tunnel does not get there. */
const server = `
import socketserver, sys
class Handler(socketserver.StreamRequestHandler):
  def handle(self):
    words = self.rfile.readline().split()
    what = words[0].decode() if words else ''
    if what == 'echo':
      while chunk := self.rfile.read1(65536): self.wfile.write(chunk)
    elif what == 'send':
      for _ in range(int(words[1])): self.wfile.write(b'x' * 1048576)
    elif what == 'mute': self.rfile.read()
    elif what in ('GET', 'PUT'):
      length = 0
      while (line := self.rfile.readline()) not in (b'\\r\\n', b''):
        if line.lower().startswith(b'content-length:'): length = int(line.split()[1])
      body = self.rfile.read(length)
      answer = body if what == 'PUT' else words[1]
      self.wfile.write(b'HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n' % len(answer) + answer)
class Server(socketserver.ThreadingTCPServer):
  allow_reuse_address = True; daemon_threads = True; request_queue_size = 256
server = Server(('127.0.0.1', 8008), Handler)
print('up', flush=True)
server.serve_forever()
`;

beforeAll(async () => {
  machine = await Machine.start('tunnels');
  sshd = await Sshd.start(machine);
  await controller.trust(machine, sshd);
  await controller.authorizeOn(machine);
  const running = machine.spawn('python3', '-c', server);
  await once(running.stdout, 'data');
});
afterAll(() => machine.stop());

const connect = (): Promise<HostConnection> => controller.connect(controller.target(sshd));

async function open(line: string): Promise<Duplex> {
  const stream = await (await connect()).openStream('127.0.0.1', 8008);
  stream.write(`${line}\n`);
  return stream;
}

async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const get: HttpRequest = { address: '127.0.0.1', port: 8008, method: 'GET', path: '/' };

describe('HTTP', () => {
  test('many requests at once over one connection', async () => {
    const { openStream } = bound(await connect());
    const answers = await Promise.all(
      [...Array(200).keys()].map((n) => sendHttp({ ...get, path: `/${n}` }, openStream, { timeout: 30_000 })),
    );
    expect(answers).toEqual(
      [...Array(200).keys()].map((n) => ({ answered: true, status: 200, body: `/${n}` })),
    );
    expect(sshd.log.match(/Accepted publickey/g)?.length).toBe(1);
  });

  test('a large body comes back whole', async () => {
    const body = randomBytes(1_000_000).toString('hex');
    const { openStream } = bound(await connect());
    const answer = await sendHttp({ ...get, method: 'PUT', body }, openStream, { timeout: 30_000 });
    expect(answer.answered && answer.body === body).toBe(true);
  });

  test('a port where nobody listens is an answer', async () => {
    const { openStream } = bound(await connect());
    expect(await sendHttp({ ...get, port: 8009 }, openStream, { timeout: 30_000 })).toEqual({
      answered: false,
      reason: '127.0.0.1:8009 from node1: connection refused',
    });
  });

  test('a name that does not resolve is an answer', async () => {
    const { openStream } = bound(await connect());
    const answer = await sendHttp({ ...get, address: 'no.such.invalid' }, openStream, { timeout: 30_000 });
    expect(answer).toMatchObject({ answered: false });
  });

  test('a server that hangs up is an answer, and so is an abort', async () => {
    const { openStream } = bound(await connect());
    const hangUp = { ...get, method: 'DELETE' as const };
    expect(await sendHttp(hangUp, openStream, { timeout: 30_000 })).toMatchObject({ answered: false });
    const signal = AbortSignal.abort();
    expect(await sendHttp(get, openStream, { timeout: 30_000, signal })).toMatchObject({ answered: false });
    expect(await sendHttp(get, openStream, { timeout: 30_000 })).toMatchObject({ answered: true });
  });

  test('an address that drops packets is given up in time', async () => {
    await machine.dropPort(8010);
    const { openStream } = bound(await connect());
    expect(await sendHttp({ ...get, port: 8010 }, openStream, { timeout: 500 })).toEqual({
      answered: false,
      reason: 'no answer within 0.5 s',
    });
    await machine.stopDropping();
  });
});

describe('PostgreSQL', () => {
  const query: SqlQuery = {
    addresses: ['127.0.0.1'],
    port: 5432,
    primary: false,
    database: 'postgres',
    user: 'postgres',
    password: 'pg secret',
    statements: ["SELECT repeat('x', 3000000) AS long, 1 AS one"],
  };
  const ask = (openStream: OpenStream, { statements, ...place } = query) =>
    runSql(place, [statements], openStream, { timeout: 30_000 });

  beforeAll(async () => {
    await machine.run(
      `install -d -o postgres /tmp/pg; cat > /tmp/pw; chown postgres /tmp/pw
bin=$(echo /usr/lib/postgresql/*/bin); cd /tmp/pg
runuser -u postgres -- $bin/initdb -D /tmp/pg/data -A scram-sha-256 --pwfile=/tmp/pw --no-sync
runuser -u postgres -- $bin/pg_ctl -D /tmp/pg/data -o '-k /tmp -c fsync=off -c dynamic_shared_memory_type=mmap' -l /tmp/pg/log -w -t 60 start`,
      `${query.password}\n`,
    );
  });

  test('queries go through, many at once', async () => {
    const { openStream } = bound(await connect());
    const answers = await Promise.all([...Array(20).keys()].map(() => ask(openStream)));
    const expected = { answered: true, rows: [{ long: 'x'.repeat(3_000_000), one: 1 }] };
    for (const answer of answers) expect(answer).toEqual([expected]);
  });

  test('several queries share a login, and one that is wrong is not the others’ loss', async () => {
    const { openStream } = bound(await connect());
    const pid = 'SELECT pg_backend_pid() AS pid';
    const { statements: _, ...place } = query;
    // A code of its class can be that of a login, too: no database of this name.
    const noDatabase = "SELECT has_database_privilege('nowhere', 'CONNECT')";
    const queries = [[pid], ['SELEC'], [noDatabase, pid], [pid, pid]];
    const answers = await runSql({ ...place, primary: true }, queries, openStream, { timeout: 30_000 });
    const first = { answered: true, rows: [{ pid: expect.any(Number) as number }] };
    const refused = (code: string) => ({ answered: false, code });
    expect(answers).toMatchObject([first, refused('42601'), refused('3D000'), first]);
    expect(answers[3]).toEqual(answers[0]);
  });

  test('its refusals come back with their codes', async () => {
    const { openStream } = bound(await connect());
    const wrong = await ask(openStream, { ...query, password: 'wrong' });
    expect(wrong).toMatchObject([{ answered: false, code: '28P01' }]);
    const broken = await ask(openStream, { ...query, statements: ['SELEC'] });
    expect(broken).toMatchObject([{ answered: false, code: '42601' }]);
  });

  test('a port where nobody listens is an answer', async () => {
    const { openStream } = bound(await connect());
    const answers = await ask(openStream, { ...query, port: 5433 });
    expect(answers).toEqual([
      { answered: false, reason: '127.0.0.1: 127.0.0.1:5433 from node1: connection refused' },
    ]);
  });
});

describe('a stream', () => {
  test('carries bytes both ways, and an end that is only one side’s', async () => {
    const stream = await open('echo');
    const bytes = randomBytes(10_000_000);
    stream.end(bytes);
    expect(digest(await readAll(stream))).toBe(digest(bytes));
  });

  test('that is not read does not fill the memory, and is whole when it is', async () => {
    const stream = await open('send 100');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    // ssh2's window; what is beyond waits at the host.
    expect(stream.readableLength).toBeLessThan(8 << 20);
    stream.end();
    expect((await readAll(stream)).length).toBe(100 << 20);
  });

  test('that is not taken says so to the writer', async () => {
    const stream = await open('mute');
    const chunk = Buffer.alloc(8 << 20);
    expect(stream.write(chunk)).toBe(false);
    await once(stream, 'drain');
    stream.destroy();
  });

  test('that is closed early lets go of the server, and the others go on', async () => {
    const connection = await connect();
    const streams = await Promise.all(
      [...Array(20).keys()].map(() => connection.openStream('127.0.0.1', 8008)),
    );
    for (const stream of streams) stream.write('send 100\n');
    const [kept, ...others] = streams;
    for (const stream of others) stream.destroy();
    kept?.end();
    expect(kept && (await readAll(kept)).length).toBe(100 << 20);
    await expect
      .poll(() => machine.run('grep -c ":1F48 .* 01 " /proc/net/tcp || true'), { timeout: 10_000 })
      .toBe('0');
  });

  test('ends with an error, not as if all had been said, when the connection is lost', async () => {
    const stream = await open('mute');
    const ended = finished(stream).catch((error: unknown) => error);
    await sshd.signalConnections('KILL');
    expect(await ended).toBeInstanceOf(UnreachableError);
    expect(await ended).toMatchObject({
      message: expect.stringContaining('node1: the connection was lost') as string,
    });
  });

  test('of a closed connection is refused at once', async () => {
    const connection = await connect();
    connection.close();
    await expect(connection.openStream('127.0.0.1', 8008)).rejects.toThrow('node1: the connection is closed');
  });

  test('that sshd forbids is named with the way out', async () => {
    const strict = await Sshd.start(machine, { settings: { AllowTcpForwarding: 'no' } });
    await controller.trust(machine, strict);
    const connection = await controller.connect(controller.target(strict));
    await expect(connection.openStream('127.0.0.1', 8008)).rejects.toMatchObject({
      message: 'node1: its sshd forbids TCP forwarding',
      hint: expect.stringContaining('AllowTcpForwarding') as string,
    });
    const { openStream } = bound(connection);
    await expect(sendHttp(get, openStream, { timeout: 30_000 })).rejects.toThrow(UnreachableError);
  });
});

function bound(connection: HostConnection) {
  return { openStream: (address: string, port: number) => connection.openStream(address, port) };
}
