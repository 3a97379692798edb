import { createServer, connect as dial, type AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { UnreachableError } from '../../src/core/errors.ts';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { authorize, Sshd } from './support/sshd.ts';

const controller = Controller.use();
const config = join(controller.home, '.ssh/config');
let machine: Machine;
let sshd: Sshd;

beforeAll(async () => {
  machine = await Machine.start('ways');
  sshd = await Sshd.start(machine);
  await controller.trust(machine, sshd);
  await machine.addUser('op');
  await controller.authorizeOn(machine, 'op');
});
afterAll(() => machine.stop());
afterEach(() => controller.configure(''));

type Given = Parameters<Controller['resolve']>[1];

/** Logs in to a host of ssh's configuration, and asks it who and where we are. */
async function whoAmI(name: string, given: Given = {}): Promise<string> {
  const session = await controller.open(await controller.connect(controller.resolve(name, given)));
  return (await session.run('echo "$(id -un)@$(hostname)"')).stdout.trim();
}

const hostEntry = (name: string, { address, port }: Sshd, ...lines: string[]) =>
  [`Host ${name}`, `HostName ${address}`, `Port ${port}`, ...lines, ''].join('\n');

describe('through others', () => {
  let inner: Machine;
  let behind: Sshd;
  let innermost: Machine;
  let deep: Sshd;

  beforeAll(async () => {
    inner = await Machine.start('inner', machine);
    behind = await Sshd.start(inner);
    innermost = await Machine.start('deep', inner);
    deep = await Sshd.start(innermost);
    for (const [of, at] of [
      [inner, behind],
      [innermost, deep],
    ] as const) {
      await controller.trust(of, at);
      await controller.authorizeOn(of);
    }
  });
  afterAll(async () => {
    await innermost.stop();
    await inner.stop();
  });

  test.for([
    ['two jump hosts, named at once', 'ProxyJump op@gate,root@middle', ''],
    ['a jump host that has one of its own', 'ProxyJump root@middle', 'ProxyJump op@gate'],
  ])('%s', async ([, toDeep = '', toMiddle = '']) => {
    controller.configure(
      hostEntry('gate', sshd) + hostEntry('middle', behind, toMiddle) + hostEntry('deep', deep, toDeep),
    );
    expect(await whoAmI('deep', { user: 'root' })).toBe('root@deep');
    expect(sshd.log).toContain('Accepted publickey for op');
  });

  test('a ProxyCommand', async () => {
    const command = `ssh -F ${config} -W '[%h]:%p' op@gate`;
    controller.configure(hostEntry('gate', sshd) + hostEntry('web', behind, `ProxyCommand ${command}`));
    expect(await whoAmI('web', { user: 'root' })).toBe('root@inner');
    controller.configure(hostEntry('gate', sshd));
    const args = `-o "ProxyCommand=${command}"`;
    const given = { host: behind.address, port: behind.port, user: 'root', ssh_common_args: args };
    expect(await whoAmI('web', given)).toBe('root@inner');
  });

  test('a ProxyCommand that fails is named with its words', async () => {
    controller.configure(hostEntry('web', behind, `ProxyCommand sh -c 'echo no way to %h >&2; exit 3'`));
    const refused = controller.connect(controller.resolve('web'));
    await expect(refused).rejects.toThrow(UnreachableError);
    await expect(refused).rejects.toThrow(`web: its ProxyCommand has ended: no way to ${behind.address}`);
  });
});

describe('keys of an agent', () => {
  const socket = join(controller.home, 'own-agent');
  let pid = 0;

  beforeAll(async () => {
    const { stdout } = await execa('ssh-agent', ['-a', socket, '-s']);
    pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
  });
  afterAll(() => {
    process.kill(pid);
  });

  test('that IdentityAgent names', async () => {
    const path = await controller.makeKey('in_agent', 'ed25519');
    await machine.addUser('agent');
    authorize(machine, 'agent', readFileSync(`${path}.pub`, 'utf8'));
    await execa('ssh-add', ['-q', path], { env: { SSH_AUTH_SOCK: socket } });
    controller.configure(hostEntry('web', sshd, 'User agent', `IdentityAgent ${socket}`));
    expect(await whoAmI('web')).toBe('agent@ways');
    // Only the keys that are named: this one is, by its public half.
    const other = await controller.makeKey('not_in_agent', 'ed25519');
    const only = (key: string) =>
      hostEntry(
        'web',
        sshd,
        'User agent',
        `IdentityAgent ${socket}`,
        'IdentitiesOnly yes',
        `IdentityFile ${key}`,
      );
    controller.configure(only(`${path}.pub`));
    expect(await whoAmI('web')).toBe('agent@ways');
    controller.configure(only(`${other}.pub`));
    await expect(whoAmI('web')).rejects.toThrow('login as agent refused');
  });
});

test.for(['::1', '[::1]'])('an address of IPv6: %s', async (host) => {
  const relay = createServer((socket) => socket.pipe(dial(sshd.port, sshd.address)).pipe(socket));
  await new Promise<void>((resolve) => relay.listen(0, '::1', resolve));
  onTestFinished(() => void relay.close());
  const { port } = relay.address() as AddressInfo;
  await controller.trust(machine, { address: '::1', port });
  const given = host === '::1' ? { host, port } : { host: `${host}:${port}` };
  expect(await whoAmI('node1', { ...given, user: 'root' })).toBe('root@ways');
});
