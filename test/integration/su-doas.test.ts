import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Vault } from '../../src/core/secrets.ts';
import { HostRun } from '../../src/engine/hosts/host-run.ts';
import { asLogin, wrapScript } from '../../src/engine/tasks/instance.ts';
import type { BecomeMethod } from '../../src/shell/become.ts';
import { BecomeError } from '../../src/transport/session.ts';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { playOver, tasksOf } from './support/playing.ts';
import { whereSeen } from './support/seen.ts';
import { Sshd } from './support/sshd.ts';

const controller = Controller.use();
const password = `pass's "$word" \\ wörd%`;
const wrong = 'touch /tmp/password-was-run';
let machine: Machine;
let sshd: Sshd;

beforeAll(async () => {
  machine = await Machine.start('sudoas');
  sshd = await Sshd.start(machine);
  await controller.trust(machine, sshd);
  for (const user of ['free', 'asked', 'nobodys']) await machine.addUser(user, { password });
  await machine.run('chpasswd', `root:${password}\n`);
  // One whom su trusts; one whom neither lets in.
  await machine.run(
    'groupadd trusted; groupadd barred; usermod -aG trusted free; usermod -aG barred nobodys',
  );
  await machine.run(
    'cat - /etc/pam.d/su > /etc/pam.d/su.new; mv /etc/pam.d/su.new /etc/pam.d/su',
    'auth sufficient pam_wheel.so trust group=trusted\nauth required pam_wheel.so deny group=barred\n',
  );
  await machine.run('umask 077; cat > /etc/doas.conf', 'permit nopass free\npermit asked\n');
  await controller.authorizeOn(machine, 'free', 'asked', 'nobodys');
});
afterAll(() => machine.stop());

async function becoming(method: BecomeMethod, user: string, given?: string) {
  const connection = await controller.connect(controller.target(sshd, { user }));
  return controller.open(connection, { become: { method, login: user, password: given } });
}

const root = { status: 0, stdout: 'root\n', stderr: '', timedOut: false };

describe.each(['su', 'doas'] as const)('root by %s', (method) => {
  test('without a password', async () => {
    const session = await becoming(method, 'free');
    expect(await session.run('id -un; echo "$HOME"')).toMatchObject({ status: 0, stdout: 'root\n/root\n' });
    expect(await session.ready).toEqual({ passwordUsed: false });
  });

  test('with a password', async () => {
    const session = await becoming(method, 'asked', password);
    const results = await Promise.all([session.run('id -un'), session.run('cat; echo on >&2; exit 3')]);
    expect(results).toEqual([root, { ...root, status: 3, stdout: '', stderr: 'on\n' }]);
    expect(await session.ready).toEqual({ passwordUsed: true });
    // Nothing can wait for an answer there.
    expect(await session.run('(exec 3</dev/tty) 2>/dev/null && echo a terminal; true')).toMatchObject({
      stdout: '',
    });
  });

  test('with a password that nobody asks for, which is not run', async () => {
    const session = await becoming(method, 'free', wrong);
    expect(await session.run('id -un')).toMatchObject({ stdout: 'root\n' });
    expect(await session.ready).toEqual({ passwordUsed: false });
    await machine.run('[ ! -e /tmp/password-was-run ]');
  });

  test('not with a wrong password, which is told and not run', async () => {
    const refused = (await becoming(method, 'asked', wrong)).run('true');
    await expect(refused).rejects.toThrow(BecomeError);
    await expect(refused).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`^node1: ${method} refused: ${method}: Authentication fail`),
      ) as string,
      hint: expect.stringContaining('--ask-become-pass') as string,
      wrongPassword: true,
    });
    await machine.run('[ ! -e /tmp/password-was-run ]');
  });

  test.for([
    ['without the password that is asked for', 'asked', undefined],
    ['for one who may not', 'nobodys', undefined],
    ['for one who may not, with a password', 'nobodys', password],
  ] as const)('not %s', async ([, user, given]) => {
    const refused = (await becoming(method, user, given)).run('true');
    await expect(refused).rejects.toThrow(new RegExp(`^node1: ${method} refused: .*${method}: `));
  });

  test('a piece of which is killed when its time is up', async () => {
    const session = await becoming(method, 'asked', password);
    expect(await session.run('sleep 1012', { timeout: 300 })).toMatchObject({ timedOut: true });
    await expect.poll(() => machine.processes('sleep 1012'), { timeout: 10_000 }).toEqual([]);
    expect(await session.run('id -un')).toEqual(root);
  });

  test('leaves nothing behind', async () => {
    const session = await becoming(method, 'asked', password);
    await session.run('true');
    session.close();
    await expect.poll(() => machine.processes('drover-begin'), { timeout: 10_000 }).toEqual([]);
  });

  test('keeps the password out of argument lists, environments and logs', async () => {
    const seen = await whereSeen(password, async () => {
      const session = await becoming(method, 'asked', password);
      await session.run('sleep 0.3');
    });
    expect(seen).toEqual([]);
    expect(await machine.run('grep -rlF "$(cat)" /var/log /run /tmp || true', password)).toBe('');
  });

  test('tries a wrong password on one host, and tells the others', async () => {
    const pool = controller.pool();
    const hosts = await Promise.all(
      ['node1', 'node2'].map(async (name) => {
        const target = await controller.target(sshd, { user: 'asked', become_password: 'no' }, name);
        return new HostRun(name, await pool.connect(target), new Vault(), method);
      }),
    );
    const results = await Promise.allSettled(hosts.map((host) => host.run('true', true)));
    const [first, second] = results.map((result) => result.status === 'rejected' && String(result.reason));
    expect(first).toContain(`node1: ${method} refused`);
    expect(second).toBe('UnreachableError: node2: not tried, as node1 refused the password');
  });

  test('leads to another user, and back to who logged in', async () => {
    const session = await becoming(method, 'asked', password);
    const other = wrapScript('id -un; pwd', { becomeUser: 'postgres', environment: {} });
    const { stdout } = await session.run(`${other}; ${asLogin('id -un; pwd')}`);
    expect(stdout).toBe('postgres\n/var/lib/postgresql\nasked\n/home/asked\n');
  });

  test('carries out a play, which a second run finds done', async () => {
    const hosts = `all:
  hosts:
    node1:
      ansible_host: ${sshd.address}
      ansible_port: ${sshd.port}
      ansible_user: asked
      ansible_become_password: ${JSON.stringify(password)}
`;
    const plays = `- hosts: all
  become: true
  become_method: ${method}
  tasks:
    - { name: own, copy: { dest: /root/by-${method}, content: x } }
    - { name: other, command: { cmd: touch /tmp/of-${method}, creates: /tmp/of-${method} }, become_user: postgres }
`;
    const first = await playOver(controller, hosts, plays);
    expect([first.error, ...tasksOf(first)]).toEqual(['', 'node1 own: changed', 'node1 other: changed']);
    expect(await machine.run(`stat -c %U /root/by-${method} /tmp/of-${method}`)).toBe('root\npostgres');
    expect(tasksOf(await playOver(controller, hosts, plays))).toEqual(['node1 own: ok', 'node1 other: ok']);
  });
});
