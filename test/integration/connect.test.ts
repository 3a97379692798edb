import { readdirSync, readlinkSync } from 'node:fs';
import { createServer, connect as dial, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { UnreachableError } from '../../src/core/errors.ts';
import { Vault } from '../../src/core/secrets.ts';
import { HostRun } from '../../src/engine/hosts/host-run.ts';
import { SshConnection } from '../../src/transport/ssh.ts';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { Sshd } from './support/sshd.ts';

const controller = Controller.use();
let machine: Machine;
let sshd: Sshd;

beforeAll(async () => {
  machine = await Machine.start('connect');
  sshd = await Sshd.start(machine);
  await controller.trust(machine, sshd);
  await machine.addUser('op');
  await controller.authorizeOn(machine, 'op');
});
afterAll(() => machine.stop());

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

/** A server of the controller's machine; its port. */
async function serve(onConnect: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnect(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

describe('a host', () => {
  test('that drops packets is given up in time', async () => {
    await machine.dropPort(2299);
    const refused = controller.connect(controller.target(sshd, { port: 2299, timeout: 1000 }));
    await expect(refused).rejects.toThrow(UnreachableError);
    await expect(refused).rejects.toMatchObject({
      message: `node1: cannot connect to ${sshd.address}:2299: no answer within 1 s`,
      hint: expect.stringContaining('ansible_port') as string,
    });
    await machine.stopDropping();
  });

  test('that refuses is told from one that is silent', async () => {
    const refused = controller.connect(controller.target(sshd, { port: 2298 }));
    await expect(refused).rejects.toThrow(`cannot connect to ${sshd.address}:2298: connection refused`);
  });

  test('whose name does not resolve', async () => {
    const refused = controller.connect(controller.target(sshd, { host: 'no.such.invalid' }));
    await expect(refused).rejects.toThrow('the name does not resolve');
  });

  test('that takes the connection and says nothing is given up in time', async () => {
    const mute = await serve(() => undefined);
    const refused = controller.connect(controller.target(sshd, { ...mute, timeout: 1000 }));
    await expect(refused).rejects.toThrow('node1: no login within 1 s');
  });

  test.for([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', '"HTTP/1.1 400 Bad Request"'],
    ['a greeting of mail', '220 mail.example ESMTP\r\n', '"220 mail.example ESMTP"'],
    ['bytes', `${'\0\u0001\u0002\u00ff'.repeat(9)}\n`, `"${'.'.repeat(36 + 9)}"`],
    ['no end of text', 'x'.repeat(100_000), `"${'x'.repeat(80)}"`],
  ] as const)('that answers with %s instead of SSH', async ([, text, said]) => {
    const other = await serve((socket) => socket.write(text));
    const refused = controller.connect(controller.target(sshd, { ...other, timeout: 2000 }));
    await expect(refused).rejects.toThrow(UnreachableError);
    await expect(refused).rejects.toMatchObject({
      message: `node1: ${other.host}:${other.port} does not speak SSH: it says ${said}`,
      hint: expect.stringContaining('ansible_port') as string,
    });
  });

  test('that says why it hangs up is quoted', async () => {
    const other = await serve((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const refused = controller.connect(controller.target(sshd, other));
    await expect(refused).rejects.toThrow(
      'closed the connection before the handshake: it says "HTTP/1.1 400 Bad Request"',
    );
  });

  test('that says something before it speaks SSH is no trouble', async () => {
    const other = await serve((socket) => {
      socket.write('welcome\r\nto the host\r\n');
      socket.pipe(dial(sshd.port, sshd.address)).pipe(socket);
    });
    const options = { ...other, ssh_common_args: '-o StrictHostKeyChecking=accept-new' };
    await controller.connect(controller.target(sshd, options));
  });

  test('that hangs up at once is tried again, and then named', async () => {
    let calls = 0;
    const rude = await serve((socket) => {
      calls++;
      socket.destroy();
    });
    const refused = controller.connect(controller.target(sshd, rude));
    await expect(refused).rejects.toThrow(/closed the connection before the handshake/);
    expect(calls).toBeGreaterThan(3);
  });
});

describe('a jump host', () => {
  let inner: Machine;
  let behind: Sshd;

  beforeAll(async () => {
    inner = await Machine.start('inner', machine);
    behind = await Sshd.start(inner);
    await controller.trust(inner, behind);
    await controller.authorizeOn(inner);
  });
  afterAll(() => inner.stop());
  const jump = (rest = '') => `-J op@${sshd.address}:${sshd.port}${rest}`;

  test('is gone through, for commands and tunnels', async () => {
    const connection = await controller.connect(controller.target(behind, { ssh_common_args: jump() }));
    const session = await controller.open(connection);
    expect(await session.run('hostname; id -un')).toMatchObject({ stdout: 'inner\nroot\n' });
    const stream = await connection.openStream(behind.address, behind.port);
    const [banner] = await new Promise<Buffer[]>((resolve) => stream.once('data', (data) => resolve([data])));
    expect(String(banner)).toMatch(/^SSH-2\.0-OpenSSH/);
    connection.close();
    await expect.poll(() => machine.processes('sshd: op'), { timeout: 10_000 }).toEqual([]);
  });

  test('that is known and a host that is not are told apart', async () => {
    const unknown = await Sshd.start(inner);
    const refused = controller.connect(controller.target(unknown, { ssh_common_args: jump() }));
    await expect(refused).rejects.toThrow(/^node1 .*: its host key is not known/);
  });

  test('that refuses us is the one that is named', async () => {
    const refused = controller.connect(
      controller.target(behind, { ssh_common_args: `-J stranger@${sshd.address}:${sshd.port}` }),
    );
    await expect(refused).rejects.toThrow(`${sshd.address}: login as stranger refused`);
  });

  test('that does not reach the host says so', async () => {
    const refused = controller.connect(
      controller.target(behind, { port: 2297, ssh_common_args: jump(), timeout: 5000 }),
    );
    await expect(refused).rejects.toMatchObject({
      message: `node1: cannot connect through ${sshd.address}: ${behind.address}:2297 from ${sshd.address}: connection refused`,
      hint: `check that ${sshd.address} reaches ${behind.address}:2297`,
    });
  });

  test('that dies takes the host with it', async () => {
    const connection = await controller.connect(controller.target(behind, { ssh_common_args: jump() }));
    const session = await controller.open(connection);
    await session.run('true');
    const running = session.run('sleep 1020');
    const lost = expect(running).rejects.toThrow(/^node1: the connection was lost/);
    await sshd.signalConnections('KILL');
    await lost;
    for (const pid of await inner.processes('sleep 1020')) await inner.run(`kill ${pid}`);
  });
});

describe('a pool', () => {
  test('has one connection for a host, whatever uses it', async () => {
    const counted = await Sshd.start(machine);
    await controller.trust(machine, counted);
    const pool = controller.pool();
    const target = await controller.target(counted, { user: 'op' });
    const [connection, ...others] = await Promise.all([1, 2, 3, 4].map(() => pool.connect(target)));
    expect(others.every((other) => other === connection)).toBe(true);
    if (!connection) throw new Error('no connection');
    const host = new HostRun('node1', connection, new Vault());
    const who = [1, 2, 3].map(() => host.run('id -un', false));
    const streams = [1, 2, 3].map(() => connection.openStream(counted.address, counted.port));
    expect((await Promise.all(who)).map(({ stdout }) => stdout)).toEqual(['op\n', 'op\n', 'op\n']);
    for (const stream of await Promise.all(streams)) stream.destroy();
    await host.close();
    expect(counted.log.match(/Accepted publickey/g)).toHaveLength(1);
    expect(counted.log.match(/Starting session: command/g)).toHaveLength(1);
  });

  test.for([
    ['forks', 3, 3],
    ['what one server takes', 100, 8],
  ] as const)('shakes hands with no more hosts at once than %s', async ([, forks, most]) => {
    // Counted where a slot is taken and given back: a server hears of either at another moment.
    const open = SshConnection.open.bind(SshConnection);
    let [now, highest] = [0, 0];
    const counted = vi.spyOn(SshConnection, 'open').mockImplementation(async (...args) => {
      highest = Math.max(highest, ++now);
      return open(...args).finally(() => now--);
    });
    onTestFinished(() => counted.mockRestore());
    const pool = controller.pool(forks);
    const names = [...Array(24).keys()].map((n) => `node${n}`);
    await Promise.all(names.map(async (name) => pool.connect(await controller.target(sshd, {}, name))));
    expect(highest).toBeLessThanOrEqual(most);
    expect(highest).toBeGreaterThan(1);
  });

  test('tries again where the server takes fewer', async () => {
    const narrow = await Sshd.start(machine, { settings: { MaxStartups: '4:100:4' } });
    await controller.trust(machine, narrow);
    const pool = controller.pool();
    const names = [...Array(12).keys()].map((n) => `node${n}`);
    await Promise.all(names.map(async (name) => pool.connect(await controller.target(narrow, {}, name))));
    await expect.poll(() => narrow.log.match(/Accepted publickey/g)).toHaveLength(12);
    expect(narrow.log).toContain('MaxStartups');
  });

  test('of 200 connections leaves nothing behind', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    const before = { sockets: sockets(), listeners: listeners() };
    const pool = controller.pool();
    const hosts = await Promise.all(
      [...Array(200).keys()].map(async (n) => {
        const connection = await pool.connect(await controller.target(sshd, {}, `node${n}`));
        return new HostRun(`node${n}`, connection, new Vault());
      }),
    );
    const results = await Promise.all(hosts.map((host) => host.run(`echo ${host.name}`, true)));
    expect(results.map(({ stdout }) => stdout)).toEqual(hosts.map(({ name }) => `${name}\n`));
    const [first] = hosts;
    await Promise.all(first ? [...Array(100).keys()].map((n) => first.run(`echo ${n}`, true)) : []);
    await Promise.all(hosts.map((host) => host.close()));
    await pool.close();
    // Former tests' connections may have ended meanwhile.
    await expect.poll(sockets, { timeout: 20_000 }).toBeLessThanOrEqual(before.sockets);
    expect(listeners()).toBeLessThanOrEqual(before.listeners);
    await expect.poll(() => machine.processes('sshd: root'), { timeout: 20_000 }).toEqual([]);
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });
});

describe('a host key', () => {
  const opened = (args: string) =>
    controller.connect(controller.target(sshd, { ssh_common_args: args })).then(() => undefined);

  test('that is not known is refused, and taken down once where that is wanted', async () => {
    const mine = `-o UserKnownHostsFile=${controller.home}/own_hosts`;
    await expect(opened(mine)).rejects.toMatchObject({
      message: expect.stringMatching(/its host key is not known: ssh-ed25519 SHA256:/) as string,
      hint: expect.stringContaining('--accept-new-host-keys') as string,
    });
    await opened(`${mine} -o StrictHostKeyChecking=accept-new`);
    await opened(mine);
  });

  test('that has changed is refused, also where new ones are taken', async () => {
    const other = await Sshd.start(machine, { hostKeys: ['ecdsa'] });
    await controller.trust(machine, other, 'ed25519');
    const changed = (args: string) =>
      controller.connect(controller.target(other, args === '' ? {} : { ssh_common_args: args }));
    await expect(changed('')).rejects.toThrow(/its host key has CHANGED; it now shows ecdsa/);
    await expect(changed('-o StrictHostKeyChecking=accept-new')).rejects.toThrow(/has CHANGED/);
  });

  test('of the type on record is asked for first', async () => {
    const several = await Sshd.start(machine, { hostKeys: ['ed25519', 'rsa', 'ecdsa'] });
    await controller.trust(machine, several, 'rsa');
    const connection = await controller.connect(controller.target(several));
    expect(connection.hostKey).toMatch(/^SHA256:/);
  });
});

/** The sockets of this process, counted. */
function sockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => linkOf(`/proc/self/fd/${fd}`).startsWith('socket:'))
    .length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function listeners(): number {
  return process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
}
