import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UnreachableError } from '../../src/core/errors.ts';
import { writeFile } from '../../src/shell/files.ts';
import { framePiece, sessionCommand, sessionPrelude } from '../../src/shell/framing.ts';
import type { PieceOptions, Session } from '../../src/transport/session.ts';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { Sshd } from './support/sshd.ts';

const controller = Controller.use();
let machine: Machine;
let sshd: Sshd;

beforeAll(async () => {
  machine = await Machine.start('loss');
  sshd = await Sshd.start(machine);
  await controller.trust(machine, sshd);
  await controller.authorizeOn(machine);
});
afterAll(() => machine.stop());

const impatient = '-o ServerAliveInterval=1 -o ServerAliveCountMax=2';

async function open(server = sshd, args = ''): Promise<Session> {
  const given = args === '' ? {} : { ssh_common_args: args };
  return controller.open(await controller.connect(controller.target(server, given)));
}

/** Runs a piece that does not end; why it was lost. */
async function lossOf(
  session: Session,
  options: PieceOptions = {},
): Promise<() => Promise<UnreachableError>> {
  const lost = session.run('sleep 1030', options).then(
    () => {
      throw new Error('it was not lost');
    },
    (error: unknown) => error as UnreachableError,
  );
  await expect.poll(() => machine.processes('sleep 1030'), { timeout: 10_000 }).not.toEqual([]);
  return () => lost;
}

async function endSleepers(): Promise<void> {
  for (const pid of await machine.processes('sleep 1030')) await machine.run(`kill ${pid}`);
}

describe('a host that is gone', () => {
  test.for([
    ['is stopped', () => sshd.signalConnections('STOP'), () => sshd.signalConnections('KILL')],
    ['is cut off', () => machine.dropPort(sshd.port), () => machine.stopDropping()],
  ] as const)(
    'as it %s, is noticed in the time set, and what was under way is named',
    async ([, lose, mend]) => {
      const session = await open(sshd, impatient);
      const lost = await lossOf(session, { what: '"Install packages"' });
      const waiting = session.run('true', { what: '"Wait"' }).catch((error: unknown) => error);
      await lose();
      const error = await lost();
      await mend();
      await endSleepers();
      expect(error).toBeInstanceOf(UnreachableError);
      expect(error).toMatchObject({
        message: 'node1: the connection was lost: no sign of life for 3 s, during "Install packages"',
        hint: 'how far it got is not known; the next run looks at the host first',
      });
      expect(await waiting).toMatchObject({
        message: 'node1: the connection was lost: no sign of life for 3 s',
      });
      await expect(session.run('true')).rejects.toThrow('the connection was lost');
    },
  );

  test('is not one that is only busy', async () => {
    const session = await open(sshd, impatient);
    expect(await session.run('sleep 5; echo on')).toMatchObject({ stdout: 'on\n' });
  });

  test('as its sshd died, is noticed at once', async () => {
    const session = await open();
    const lost = await lossOf(session, { what: '"A task"' });
    await sshd.signalConnections('KILL');
    expect(await lost()).toMatchObject({
      message: 'node1: the connection was lost: the other side closed it, during "A task"',
    });
    await endSleepers();
  });

  test('tells those that listen once, and not when it was closed', async () => {
    const connection = await controller.connect(controller.target(sshd));
    const told: string[] = [];
    const sessions = await Promise.all(
      ['lost', 'closed'].map((name) => controller.open(connection, { onLost: () => told.push(name) })),
    );
    await Promise.all(sessions.map((session) => session.run('true')));
    sessions[1]?.close();
    const running = sessions[0]?.run('sleep 1030').catch(() => undefined);
    await sshd.signalConnections('KILL');
    await running;
    expect(told).toEqual(['lost']);
    await endSleepers();
  });
});

describe('a script on its way', () => {
  test('that is cut off is not run in part', async () => {
    const connection = await controller.connect(controller.target(sshd));
    const nonce = randomBytes(16).toString('hex');
    const channel = await connection.openCommand(sessionCommand);
    const ended = new Promise((resolve) => channel.onClose(resolve));
    const piece = framePiece(`touch /tmp/begun\n${': nothing\n'.repeat(100_000)}touch /tmp/done`, nonce);
    channel.stdout.resume();
    channel.stdin.write(sessionPrelude(nonce, undefined));
    channel.stdin.end(piece.subarray(0, piece.length - 10));
    await ended;
    await machine.run('[ ! -e /tmp/begun ]');
  });

  test('with a file of 20 MB arrives whole, and so does what is sent behind it meanwhile', async () => {
    const session = await open();
    const content = randomBytes(10_000_000).toString('hex');
    const file = { path: '/root/large', content, owner: 'root', group: 'root', mode: '0600' };
    const [, written, next] = await Promise.all([
      // Nothing is read on the host until this ends: it all waits in the channel.
      session.run('sleep 2'),
      session.run(`set -e\n${writeFile(file)}`),
      session.run('sha256sum /root/large; stat -c %a /root/large'),
    ]);
    expect(written).toEqual({ status: 0, stdout: '', stderr: '', timedOut: false });
    const digest = createHash('sha256').update(content).digest('hex');
    expect(next.stdout).toBe(`${digest}  /root/large\n600\n`);
    expect(await machine.run('ls -A /root')).not.toContain('.drover.');
  });

  test('to a host whose disk is full leaves the former file as it is', async () => {
    const session = await open();
    await session.run('mkdir /small && mount -t tmpfs -o size=1m none /small && echo old >/small/file');
    const content = 'x'.repeat(3_000_000);
    const file = { path: '/small/file', content, owner: 'root', group: 'root', mode: '0600' };
    const { status, stderr } = await session.run(`set -e\n${writeFile(file)}`);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/No space left|I\/O error/);
    expect(await session.run('cat /small/file; ls -A /small')).toMatchObject({ stdout: 'old\nfile\n' });
  });
});

describe('an sshd that allows one session', () => {
  let narrow: Sshd;

  beforeAll(async () => {
    narrow = await Sshd.start(machine, { settings: { MaxSessions: 1 } });
    await controller.trust(machine, narrow);
  });

  test('is enough for a session and its tunnels', async () => {
    const connection = await controller.connect(controller.target(narrow));
    const session = await controller.open(connection);
    expect(await session.run('echo on')).toMatchObject({ stdout: 'on\n' });
    const stream = await connection.openStream(narrow.address, narrow.port);
    stream.destroy();
  });

  test('is named where a second one is asked for', async () => {
    const connection = await controller.connect(controller.target(narrow));
    const first = await controller.open(connection);
    await first.run('true');
    await expect(controller.open(connection)).rejects.toMatchObject({
      message: expect.stringContaining('node1: cannot start a command') as string,
      hint: expect.stringContaining('MaxSessions') as string,
    });
    expect(await first.run('echo on')).toMatchObject({ stdout: 'on\n' });
  });

  test('does not let a step be ended whose time is up, and the error says why', async () => {
    const session = await open(narrow);
    const running = session.run('sleep 1030', { timeout: 300, what: '"A task"' });
    await expect(running).rejects.toThrow(/cannot end a step: .*cannot start a command.*during "A task"/);
    await endSleepers();
  });
});

describe('before a shell is ready', () => {
  test('a banner of the host is not in the way', async () => {
    await machine.run('yes "Authorized use only" | head -n 200 >/etc/banner');
    const official = await Sshd.start(machine, { settings: { Banner: '/etc/banner', PrintMotd: 'yes' } });
    await controller.trust(machine, official);
    expect(await (await open(official)).run('echo on')).toMatchObject({ stdout: 'on\n', stderr: '' });
  });

  test.for([
    ['is strict', 'set -eu\nset -o pipefail\nreadonly N=1 h=2 n=3 s=4 r=5\nexport SHELLOPTS\n'],
    ['says a lot', 'head -c 1000000 /dev/zero | tr "\\0" x; seq 100000 >&2\n'],
    ['asks for input', 'read -r -t 1 answer <&-\nstty -echo\ntput clear\nmesg n\n'],
    ['changes what commands are', 'echo() { :; }; export -f echo; alias dd=false; cd /tmp; umask 777\n'],
    ['traces', 'set -xv\nexport PS4="+ \\$(date) "\n'],
  ] as const)('an rc file that %s is not in the way', async ([name, text]) => {
    const user = `rc${name.replace(/\W/g, '')}`;
    await machine.addUser(user);
    await machine.run(`cat > /home/${user}/.bashrc`, text);
    await controller.authorizeOn(machine, user);
    const session = await controller.open(await controller.connect(controller.target(sshd, { user })));
    expect(await session.run('id -un; echo err >&2; exit 3')).toMatchObject({
      status: 3,
      stdout: `${user}\n`,
      stderr: 'err\n',
    });
  });
});
