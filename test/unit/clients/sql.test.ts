import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SteadySocket } from '../../../src/clients/sql-socket.ts';
import { runSql, SqlConnection } from '../../../src/clients/sql.ts';

/** A server's side of a connection, which answers each piece that is sent with the next of these, and then closes. */
function server(...answers: readonly Buffer[]): Duplex {
  const left = [...answers];
  const stream: Duplex = new Duplex({
    read: () => undefined,
    write(_chunk, _encoding, done) {
      done();
      const next = left.shift();
      setImmediate(() => (next ? stream.push(next) : stream.destroy()));
    },
  });
  return stream;
}

const message = (type: string, ...body: readonly number[]) =>
  Buffer.from([type.charCodeAt(0), 0, 0, 0, body.length + 4, ...body]);
const login = Buffer.concat([message('R', 0, 0, 0, 0), message('Z', 73)]);
const begun = Buffer.concat([message('C', ...Buffer.from('BEGIN\0')), message('Z', 84)]);

const asProbe = { port: 5432, database: 'postgres', user: 'probe', password: 'x' };
// So long that a test which has to wait for it fails.
const options = { timeout: 600_000 };

describe('a server that goes away', () => {
  it.each([
    { when: 'before it answers', answers: [], statements: ['SELECT 1'] },
    { when: 'after the login', answers: [login], statements: ['SELECT 1'] },
    { when: 'in a transaction', answers: [login, begun], statements: ['SELECT 1', 'SELECT 2'] },
  ])('$when is an answer, at once', async ({ answers, statements }) => {
    const query = { ...asProbe, addresses: ['db'], primary: false };
    let opened = 0;
    const open = () => {
      opened++;
      return Promise.resolve(server(...answers));
    };
    const gone = { answered: false, reason: 'db: the connection was closed' };
    expect(await runSql(query, [statements, ['SELECT 3']], open, options)).toEqual([gone, gone]);
    expect(opened).toBe(1);
  });

  it('is told again to who goes on asking', async () => {
    const connection = new SqlConnection('db', asProbe, () => Promise.resolve(server(login)), options);
    expect(await connection.run('SELECT 1')).toMatchObject({ answered: false });
    expect(await connection.run('SELECT 1')).toMatchObject({ answered: false });
    await connection.close();
  });

  it('just before it is closed is no error for anybody', async () => {
    const stream = server(login, begun);
    const connection = new SqlConnection('db', asProbe, () => Promise.resolve(stream), options);
    expect(await connection.run('SELECT 1')).toMatchObject({ answered: true });
    // The stream's end is told in the turn after, when the connection is closed already.
    stream.on('end', () => void connection.close());
    stream.push(null);
    await new Promise((resolve) => setTimeout(resolve, 50));
  });

  it('that is silent is given up in time', async () => {
    const silent = () => new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const connection = new SqlConnection('db', asProbe, () => Promise.resolve(silent()), { timeout: 100 });
    expect(await connection.run('SELECT 1')).toEqual({
      answered: false,
      reason: 'db: no answer within 0.1 s',
    });
    await connection.close();
  });
});

it('one that falls silent once it has let somebody in is given up for all that is asked of it', async () => {
  const open = () => Promise.resolve(server(login, begun, Buffer.from('C')));
  const place = { ...asProbe, addresses: ['db'], primary: false };
  const silent = (seconds: number) => ({ answered: false, reason: `db: no answer within ${seconds} s` });
  const asked = await runSql(place, [['SELECT 1', 'SELECT 2'], ['SELECT 3']], open, { timeout: 50 });
  expect(asked).toEqual([silent(0.15), silent(0.15)]);
});

it('one that starts or stops is passed over for the next', async () => {
  const text = ['SFATAL', 'VFATAL', 'C57P03', 'Mthe database system is starting up', ''].join('\0') + '\0';
  const starting = message('E', ...Buffer.from(text));
  const asked: string[] = [];
  const open = (address: string) => {
    asked.push(address);
    return Promise.resolve(server(starting));
  };
  const place = { ...asProbe, addresses: ['one', 'two'], primary: true };
  expect(await runSql(place, [['SELECT 1']], open, options)).toEqual([
    { answered: false, reason: 'two: the database system is starting up', code: '57P03' },
  ]);
  expect(asked).toEqual(['one', 'two']);
});

describe('the socket that the library is given', () => {
  it('closes when it is told to, and not with its stream', async () => {
    const told: string[] = [];
    const stream = server();
    const socket = new SteadySocket(stream);
    socket.on('error', (error: Error) => told.push(error.message));
    socket.on('close', () => told.push('close'));
    const turn = () => new Promise((resolve) => setTimeout(resolve, 20));
    stream.destroy();
    await turn();
    expect(told).toEqual(['the connection was closed']);
    socket.write(Buffer.from('x'));
    await turn();
    expect(told).toHaveLength(2);
    // The library stops its timers then; they would keep the process.
    socket.close();
    socket.write(Buffer.from('x'));
    await turn();
    expect(told.slice(2)).toEqual(['close']);
  });
});
