import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { SteadySocket } from '../../../src/clients/sql-socket.ts';
import { runSql, SqlConnection } from '../../../src/clients/sql.ts';

type Answer = Buffer | ((sent: Buffer) => Buffer);

/** A server's side of a connection, which answers each piece that is sent with the next of these, and then closes. */
function server(...answers: readonly Answer[]): Duplex {
  const left = [...answers];
  const stream: Duplex = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      done();
      const next = left.shift();
      const answer = typeof next === 'function' ? next(chunk) : next;
      setImmediate(() => (answer ? stream.push(answer) : stream.destroy()));
    },
  });
  return stream;
}

const message = (type: string, ...body: readonly number[]) => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), size, Buffer.from(body)]);
};
const authentication = (kind: number, text: string | Buffer = '') =>
  message('R', 0, 0, 0, kind, ...Buffer.from(text));
const offer = authentication(10, 'SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0');
const welcome = authentication(0);
const ready = message('Z', 73);

const salt = Buffer.from('salt').toString('base64');
const challenge = (count: number | string, rest = '') => {
  return (sent: Buffer) => {
    const nonce = /r=(.*)$/.exec(sent.toString('latin1'))?.[1] ?? '';
    return authentication(11, `r=${nonce}more,s=${salt},i=${count}${rest}`);
  };
};

/** The server's last word, of one who knows the password. */
const signature = (sent: Buffer) => {
  const [, final = ''] = /(c=biws,r=[^,]*),p=/.exec(sent.toString('latin1')) ?? [];
  const nonce = final.replace('c=biws,r=', '');
  const own = nonce.replace(/more$/, '');
  const salted = pbkdf2Sync('x', Buffer.from('salt'), 4096, 32, 'sha256');
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const all = `n=*,r=${own},r=${nonce},s=${salt},i=4096,${final}`;
  return authentication(12, `v=${hmac(hmac(salted, 'Server Key'), all).toString('base64')}`);
};
const login = [offer, challenge(4096), (sent: Buffer) => Buffer.concat([signature(sent), welcome, ready])];
const begun = Buffer.concat([message('C', ...Buffer.from('BEGIN\0')), message('Z', 84)]);

const asProbe = { port: 5432, database: 'postgres', user: 'probe', password: 'x' };
// So long that a test which has to wait for it fails.
const options = { timeout: 600_000 };

describe('a server that goes away', () => {
  it.each([
    { when: 'before it answers', answers: [], statements: ['SELECT 1'] },
    { when: 'after the login', answers: login, statements: ['SELECT 1'] },
    { when: 'in a transaction', answers: [...login, begun], statements: ['SELECT 1', 'SELECT 2'] },
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
    const connection = new SqlConnection('db', asProbe, () => Promise.resolve(server(...login)), options);
    expect(await connection.run('SELECT 1')).toMatchObject({ answered: false });
    expect(await connection.run('SELECT 1')).toMatchObject({ answered: false });
    await connection.close();
  });

  it('just before it is closed is no error for anybody', async () => {
    const stream = server(...login, begun);
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
  const open = () => Promise.resolve(server(...login, begun, Buffer.from('C')));
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

describe('a server that does not prove itself', () => {
  it.each([
    { does: 'asks for the password in clear text', answers: [authentication(3)] },
    { does: 'asks for the password as MD5', answers: [authentication(5, 'salt')] },
    { does: 'asks for GSSAPI', answers: [authentication(7)] },
    { does: 'asks for another kind of login', answers: [authentication(99)] },
    { does: 'asks for no password', answers: [Buffer.concat([welcome, ready])] },
    { does: 'asks for no password', answers: [Buffer.concat([welcome]), ready] },
    { does: 'does not offer SCRAM-SHA-256', answers: [authentication(10, 'OAUTHBEARER\0\0')] },
    { does: 'asks by SCRAM for what is no SCRAM', answers: [offer, authentication(11, 'r=x,i=4096')] },
    { does: 'asks by SCRAM for what is no SCRAM', answers: [offer, challenge('many')] },
    { does: 'asks for a password hashed 1 times', answers: [offer, challenge(1)] },
    { does: 'asks for a password hashed 2000000000 times', answers: [offer, challenge(2_000_000_000)] },
    { does: 'does not show that it knows', answers: [offer, Buffer.concat([welcome, ready])] },
    { does: 'does not show that it knows', answers: [offer, challenge(4096), welcome] },
    { does: 'does not show that it knows', answers: [offer, challenge(4096), authentication(3)] },
    {
      does: 'does not know the password',
      answers: [offer, challenge(4096), Buffer.concat([authentication(12, 'v=x'), welcome, ready])],
    },
    { does: 'answer as PostgreSQL does', answers: [ready] },
    { does: 'answer as PostgreSQL does', answers: [Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')] },
    { does: 'answer as PostgreSQL does', answers: [Buffer.from('R\u007f\u007f\u007f\u007f')] },
  ])('for it $does is told so, and sent neither password nor statement', async ({ does, answers }) => {
    const sent: string[] = [];
    const listening = answers.map((answer): Answer => (chunk) => {
      sent.push(chunk.toString('latin1'));
      return typeof answer === 'function' ? answer(chunk) : answer;
    });
    const last = (chunk: Buffer) => {
      sent.push(chunk.toString('latin1'));
      return Buffer.alloc(0);
    };
    const password = 'correct horse';
    const place = { ...asProbe, password, addresses: ['db', 'other'], primary: false };
    const open = () => Promise.resolve(server(...listening, last));
    const [answer] = await runSql(place, [['SELECT crocodile']], open, options);
    expect(answer).toMatchObject({ answered: false, code: '08P01' });
    expect(answer?.answered === false && answer.reason).toMatch(new RegExp(`^db: .*${does}`));
    const digest = createHash('md5').update(`${password}probe`).digest('hex');
    const all = sent.join('');
    for (const secret of [password, digest, 'crocodile']) expect(all).not.toContain(secret);
  });

  it('is not asked again by who keeps a connection', async () => {
    let opened = 0;
    const open = () => {
      opened++;
      return Promise.resolve(server(authentication(3)));
    };
    const connection = new SqlConnection('db', asProbe, open, options);
    expect(await connection.run('SELECT 1')).toMatchObject({ code: '08P01' });
    expect(await connection.run('SELECT 1')).toMatchObject({ code: '08P01' });
    await connection.close();
    expect(opened).toBe(1);
  });

  it('is known whatever pieces its answers come in', async () => {
    const stream: Duplex = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        done();
        const next = left.shift();
        const bytes = typeof next === 'function' ? next(chunk) : (next ?? begun);
        setImmediate(() => {
          for (const byte of bytes) stream.push(Buffer.from([byte]));
        });
      },
    });
    const left: Answer[] = [...login];
    const connection = new SqlConnection('db', asProbe, () => Promise.resolve(stream), options);
    expect(await connection.run('SELECT 1')).toMatchObject({ answered: true });
    await connection.close();
  });
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
