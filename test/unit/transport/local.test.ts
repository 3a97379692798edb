import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sendHttp } from '../../../src/clients/http.ts';
import { LocalConnection } from '../../../src/transport/local.ts';
import { PasswordGate } from '../../../src/transport/password-gate.ts';
import { Session } from '../../../src/transport/session.ts';
import { folderOf } from '../support.ts';

const connection = new LocalConnection('me', undefined, new PasswordGate());

async function open(): Promise<Session> {
  const session = await Session.open({ label: 'me', openCommand: connection.openCommand });
  onTestFinished(() => session.close());
  return session;
}

test('a shell is that of the user who runs drover, in no terminal, and runs one piece after another', async () => {
  const session = await open();
  const pieces = ['id -un; pwd', 'echo on >&2; exit 3', '(exec 3</dev/tty) 2>/dev/null; echo $?'];
  const results = await Promise.all(pieces.map((piece) => session.run(piece)));
  expect(results.map(({ status, stdout, stderr }) => [status, stdout, stderr])).toEqual([
    [0, `${userInfo().username}\n/\n`, ''],
    [3, '', 'on\n'],
    [0, expect.stringMatching(/^[12]\n$/), ''],
  ]);
});

test('a piece is killed when its time is up, and the next one runs', async () => {
  const session = await open();
  expect(await session.run('sleep 1013', { timeout: 200 })).toMatchObject({ timedOut: true });
  expect(await session.run('echo on')).toMatchObject({ stdout: 'on\n', timedOut: false });
});

test('what was sent is done though nobody waits for it any more', async () => {
  const folder = folderOf({});
  const session = await open();
  await session.run('true');
  const sent = session.run(`sleep 0.3; touch ${join(folder, 'first')}`);
  session.close();
  await expect(sent).rejects.toThrow('me: the session is closed');
  await expect.poll(() => existsSync(join(folder, 'first')), { timeout: 20_000 }).toBe(true);
});

test('a stream is a connection from this machine; one that is refused says from where', async () => {
  const server = createServer((_request, response) => response.end('here'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const ask = () =>
    sendHttp(
      { method: 'GET', address: '127.0.0.1', port, path: '/' },
      (address, to) => connection.openStream(address, to),
      { timeout: 20_000 },
    );
  expect(await ask()).toMatchObject({ answered: true, status: 200, body: 'here' });
  await new Promise((closed) => server.close(closed));
  await expect(connection.openStream('127.0.0.1', port)).rejects.toThrow(
    `127.0.0.1:${port} from me: connect ECONNREFUSED`,
  );
});
