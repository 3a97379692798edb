import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Vault } from '../../src/core/secrets.ts';
import { HostRun } from '../../src/engine/hosts/host-run.ts';
import { asLogin, wrapScript } from '../../src/engine/tasks/instance.ts';
import { commandScript } from '../../src/modules/command-task.ts';
import { BecomeError } from '../../src/transport/session.ts';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { whereSeen } from './support/seen.ts';
import { Sshd } from './support/sshd.ts';

const controller = Controller.use();
const password = `sudo's "$pass" \\ wörd%`;
const wrong = 'touch /tmp/password-was-run';
let machine: Machine;
let sshd: Sshd;

beforeAll(async () => {
  machine = await Machine.start('sudo');
  sshd = await Sshd.start(machine);
  await controller.trust(machine, sshd);
  const rules = {
    free: 'free ALL=(ALL) NOPASSWD: ALL',
    asked: 'asked ALL=(ALL) ALL',
    forgetful: 'forgetful ALL=(ALL) ALL\nDefaults:forgetful timestamp_timeout=0',
    terminal: 'terminal ALL=(ALL) ALL\nDefaults:terminal use_pty',
    needsterminal: 'needsterminal ALL=(ALL) ALL\nDefaults:needsterminal requiretty',
    lectured: 'lectured ALL=(ALL) ALL\nDefaults:lectured lecture=always',
    nobodys: '# not a sudoer',
  };
  for (const [name, rule] of Object.entries(rules)) {
    await machine.addUser(name, { password });
    await machine.run(`umask 337; cat > /etc/sudoers.d/${name}`, `${rule}\n`);
  }
  await machine.run('cat > /etc/sudoers.d/log', 'Defaults logfile=/var/log/sudo.log\n');
  await controller.authorizeOn(machine, ...Object.keys(rules));
});
afterAll(() => machine.stop());

async function becoming(user: string, given?: string) {
  const connection = await controller.connect(controller.target(sshd, { user }));
  return controller.open(connection, { become: { method: 'sudo', login: user, password: given } });
}

async function hostFor(user: string, given: string, pool = controller.pool(), name = 'node1') {
  const target = await controller.target(sshd, { user, become_password: given }, name);
  return new HostRun(name, await pool.connect(target), new Vault());
}

describe('root', () => {
  test('without a password', async () => {
    const session = await becoming('free');
    expect(await session.run('id -un; echo "$HOME"')).toMatchObject({ status: 0, stdout: 'root\n/root\n' });
    expect(await session.ready).toEqual({ passwordUsed: false });
  });

  test.for(['asked', 'forgetful', 'terminal', 'lectured'])('with a password, as %s', async (user) => {
    const session = await becoming(user, password);
    const results = await Promise.all([session.run('id -un'), session.run('cat; echo on >&2; exit 3')]);
    expect(results).toEqual([
      { status: 0, stdout: 'root\n', stderr: '', timedOut: false },
      { status: 3, stdout: '', stderr: 'on\n', timedOut: false },
    ]);
    expect(await session.ready).toEqual({ passwordUsed: true });
  });

  test('with a password that nobody asks for, which is not run', async () => {
    const session = await becoming('free', wrong);
    expect(await session.run('id -un')).toMatchObject({ stdout: 'root\n', stderr: '' });
    expect(await session.ready).toEqual({ passwordUsed: false });
    await machine.run('[ ! -e /tmp/password-was-run ]');
  });

  test('though sudo remembers the password, which is not run either', async () => {
    await (await becoming('asked', password)).run('true');
    const session = await becoming('asked', password);
    expect(await session.run('id -un')).toMatchObject({ stdout: 'root\n', stderr: '' });
  });

  test('not with a wrong password, which counts once', async () => {
    await machine.run('rm -f /var/log/sudo.log; rm -rf /run/sudo/ts');
    const refused = (await becoming('asked', wrong)).run('true');
    await expect(refused).rejects.toThrow(BecomeError);
    await expect(refused).rejects.toMatchObject({
      message: expect.stringMatching(/^node1: sudo refused: .*1 incorrect password attempt/) as string,
      hint: expect.stringContaining('--ask-become-pass') as string,
      wrongPassword: true,
    });
    await machine.run('[ ! -e /tmp/password-was-run ]');
    const log = await machine.run('cat /var/log/sudo.log');
    expect(log.match(/incorrect password attempt/g)).toHaveLength(1);
  });

  test.for([
    ['without the password that is asked for', 'asked', undefined, /sudo refused: .*password is required/],
    ['for one who may not', 'nobodys', password, /sudo refused: .*nobodys (may not run|is not in) /],
    ['where a terminal is wanted', 'needsterminal', password, /sudo refused: .*must have a tty/],
  ] as const)('not %s', async ([, user, given, message]) => {
    await machine.run('rm -rf /run/sudo/ts');
    const refused = (await becoming(user, given)).run('true');
    await expect(refused).rejects.toThrow(BecomeError);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ wrongPassword: false });
  });

  test('not where there is no sudo', async () => {
    await machine.run('chmod 0 /usr/bin/sudo');
    const refused = (await becoming('free')).run('true');
    await expect(refused).rejects.toThrow(/sudo refused: .*sudo: (Permission denied|not found)/i);
    await machine.run('chmod 4755 /usr/bin/sudo');
  });

  test('a piece of which is killed when its time is up', async () => {
    const session = await becoming('forgetful', password);
    expect(await session.run('sleep 1010', { timeout: 300 })).toMatchObject({ timedOut: true });
    await expect.poll(() => machine.processes('sleep 1010'), { timeout: 10_000 }).toEqual([]);
    expect(await session.run('id -un')).toMatchObject({ stdout: 'root\n' });
  });
});

describe('a sudo password', () => {
  test.for([
    ['right', password],
    ['wrong', `${password}!`],
  ] as const)('that is %s shows in no argument list, environment or log', async ([, given]) => {
    await machine.run('rm -rf /run/sudo/ts');
    const seen = await whereSeen(given, async () => {
      const session = await becoming('forgetful', given);
      await session.run('sleep 0.3').catch(() => undefined);
    });
    expect(seen).toEqual([]);
    expect(sshd.log).not.toContain(given);
    expect(await machine.run('cat /var/log/sudo.log')).not.toContain(given);
    expect(await machine.run('grep -rlF "$(cat)" /var/log /run /tmp || true', given)).toBe('');
  });

  test('that is wrong is tried on one host, and the others are told', async () => {
    await machine.run('rm -f /var/log/sudo.log; rm -rf /run/sudo/ts');
    const pool = controller.pool();
    const names = ['node1', 'node2', 'node3', 'node4'];
    const hosts = await Promise.all(names.map((name) => hostFor('forgetful', wrong, pool, name)));
    const results = await Promise.allSettled(hosts.map((host) => host.run('true', true)));
    const messages = results.map((result) => result.status === 'rejected' && String(result.reason));
    expect(messages[0]).toContain('node1: sudo refused');
    expect(messages.slice(1)).toEqual(
      names.slice(1).map((name) => `UnreachableError: ${name}: not tried, as node1 refused the password`),
    );
    const log = await machine.run('cat /var/log/sudo.log');
    expect(log.match(/incorrect password attempt/g)).toHaveLength(1);
  });

  test('that is right opens all hosts, and the login user stays who it is', async () => {
    const pool = controller.pool();
    const names = ['node1', 'node2', 'node3', 'node4'];
    const hosts = await Promise.all(names.map((name) => hostFor('forgetful', password, pool, name)));
    const both = (host: HostRun) =>
      Promise.all([true, false].map(async (become) => (await host.run('id -un', become)).stdout));
    expect(await Promise.all(hosts.map(both))).toEqual(names.map(() => ['root\n', 'forgetful\n']));
    await Promise.all(hosts.map((host) => host.close()));
  });
});

describe('another user', () => {
  const wrapped = { becomeUser: 'postgres', environment: { TOKEN: `it's "$secret"\n2` } };

  test('runs a script in its home, with its environment and status', async () => {
    const session = await becoming('free');
    const script = wrapScript('id -un; pwd; printf "%s\\n" "$TOKEN"; cat; echo err >&2; exit 4', wrapped);
    expect(await session.run(script)).toEqual({
      status: 4,
      stdout: `postgres\n/var/lib/postgresql\n${wrapped.environment.TOKEN}\n`,
      stderr: 'err\n',
      timedOut: false,
    });
  });

  test('is the login user, in root’s shell too, for what is not root’s', async () => {
    const { stdout } = await (await becoming('free')).run(`id -un; ${asLogin('id -un; pwd')}`);
    expect(stdout).toBe('root\nfree\n/home/free\n');
    const connection = await controller.connect(controller.target(sshd, { user: 'free' }));
    const { stdout: own } = await (await controller.open(connection)).run(asLogin('id -un'));
    expect(own).toBe('free\n');
  });

  test('goes no further when a step fails', async () => {
    const session = await becoming('free');
    const failing = await session.run(wrapScript('echo one; false; echo two', wrapped));
    expect(failing).toMatchObject({ status: 1, stdout: 'one\n' });
    const gone = wrapScript(commandScript({ chdir: '/gone' }, 'pwd'), wrapped);
    const { status, stdout, stderr } = await session.run(gone);
    expect([status === 0, stdout]).toEqual([false, '']);
    expect(stderr).toContain('/gone');
  });

  test('that is not there is named', async () => {
    const session = await becoming('free');
    const { status, stderr } = await session.run(wrapScript('true', { ...wrapped, becomeUser: 'gone' }));
    expect(status).not.toBe(0);
    expect(stderr).toContain('gone');
  });

  test('gets script and environment in no argument list', async () => {
    const session = await becoming('free');
    const script = wrapScript('echo a-secret-in-it >/dev/null; sleep 1011', wrapped);
    const running = session.run(script, { timeout: 3000 });
    await expect.poll(() => machine.processes('sleep 1011'), { timeout: 10_000 }).not.toEqual([]);
    const listing = await machine.run('cat /proc/[0-9]*/cmdline | tr "\\0" " "');
    expect(listing).not.toMatch(/a-secret-in-it|\$secret/);
    expect((await running).timedOut).toBe(true);
    await expect.poll(() => machine.processes('sleep 1011'), { timeout: 10_000 }).toEqual([]);
  });
});
