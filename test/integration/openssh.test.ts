import { once } from 'node:events';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { UnreachableError } from '../../src/core/errors.ts';
import { OpenSshConnection } from '../../src/transport/openssh.ts';
import type { HostConnection } from '../../src/transport/pool.ts';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { startHolder } from './support/start-holder.ts';
import { securityKey } from './support/security-key.ts';
import { authorize, hostKeyFile, Sshd } from './support/sshd.ts';

const controller = Controller.use();
let machine: Machine;
let sshd: Sshd;

beforeAll(async () => {
  machine = await Machine.start('openssh');
  sshd = await Sshd.start(machine);
  await controller.trust(machine, sshd);
  await machine.addUser('op');
  await controller.authorizeOn(machine, 'op');
});
afterAll(() => machine.stop());
afterEach(() => controller.configure(''));

type Given = Parameters<Controller['target']>[1];

const connect = (given: Given = {}, to = sshd): Promise<HostConnection> =>
  controller.connect(controller.target(to, { openssh: true, ...given }));

async function whoAmI(connection: HostConnection): Promise<string> {
  const session = await controller.open(connection);
  return (await session.run('echo "$(id -un)@$(hostname)"')).stdout.trim();
}

/** The folders of connections that are open. */
const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('drover-ssh-'));

describe('a connection by the program ssh', () => {
  test('runs scripts in several shells, and leaves nothing behind', async () => {
    const before = folders();
    const connection = await connect({ user: 'op' });
    const sessions = await Promise.all([1, 2, 3].map(() => controller.open(connection)));
    const results = await Promise.all(sessions.map((session, n) => session.run(`echo ${n}; exit ${n}`)));
    expect(results).toMatchObject([0, 1, 2].map((n) => ({ status: n, stdout: `${n}\n` })));
    expect(sshd.log.match(/Accepted publickey for op/g)).toHaveLength(1);
    const ordinary = await controller.connect(controller.target(sshd));
    expect(connection.hostKey).toBe(ordinary.hostKey);
    await controller.close();
    await expect.poll(() => machine.processes('sshd: op'), { timeout: 10_000 }).toEqual([]);
    await expect.poll(() => folders().filter((name) => !before.includes(name))).toEqual([]);
  });

  test('has tunnels, whose refusals are the same', async () => {
    const connection = await connect();
    const stream = await connection.openStream(sshd.address, sshd.port);
    const [banner] = await new Promise<Buffer[]>((resolve) => stream.once('data', (data) => resolve([data])));
    expect(String(banner)).toMatch(/^SSH-2\.0-OpenSSH/);
    stream.destroy();
    const ordinary = await controller.connect(controller.target(sshd));
    for (const address of ['127.0.0.1', '::1', 'no.such.invalid']) {
      const words = async (way: HostConnection) =>
        way.openStream(address, 9).then(
          () => '',
          (error: unknown) => (error as Error).message,
        );
      const [ours, theirs] = await Promise.all([words(ordinary), words(connection)]);
      expect(theirs).toBe(ours);
      expect(theirs).toContain(`${address}:9 from node1: `);
    }
  });

  test('names an sshd that forbids tunnels, and one that allows too few sessions', async () => {
    const strict = await Sshd.start(machine, { settings: { AllowTcpForwarding: 'no', MaxSessions: 1 } });
    await controller.trust(machine, strict);
    const connection = await connect({}, strict);
    await expect(connection.openStream('127.0.0.1', 22)).rejects.toThrow(
      'node1: its sshd forbids TCP forwarding',
    );
    const first = await controller.open(connection);
    await first.run('true');
    const second = await controller.open(connection);
    await expect(second.run('true')).rejects.toThrow('node1: cannot start a command');
  });

  test('that is lost is told to sessions and streams', async () => {
    const own = await Sshd.start(machine);
    await controller.trust(machine, own);
    const connection = await connect({}, own);
    const session = await controller.open(connection);
    await session.run('true');
    const stream = await connection.openStream(own.address, own.port);
    const ended = finished(stream.resume()).catch((error: unknown) => error);
    const running = session.run('sleep 100', { what: 'a nap' });
    await Promise.all([
      expect(running).rejects.toThrow(/node1: the connection was lost: .*, during a nap/),
      own.signalConnections('KILL'),
    ]);
    expect(await ended).toBeInstanceOf(UnreachableError);
    await expect(connection.openStream('127.0.0.1', 9)).rejects.toThrow('the connection was lost');
  });

  test('ends with drover, however that ends', async () => {
    const before = folders();
    const holder = await startHolder(
      controller,
      await controller.target(sshd, { openssh: true }),
      'sleep 1042',
    );
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    for (const pid of await machine.processes('sleep 1042')) await machine.run(`kill ${pid}`);
    await expect.poll(() => machine.processes('sshd: root'), { timeout: 10_000 }).toEqual([]);
    await expect.poll(() => folders().filter((name) => !before.includes(name))).toEqual([]);
  });
});

describe('what cannot be reached', () => {
  const message = async (given: Given, to = sshd) =>
    connect(given, to).then(
      () => '',
      (error: unknown) => (error as Error).message,
    );

  test('is named in the same words', async () => {
    const hosts = join(controller.home, 'other_hosts');
    writeFileSync(hosts, '');
    const unknown = `-o UserKnownHostsFile=${hosts}`;
    const cases: Given[] = [{ port: 2298 }, { host: 'no.such.invalid' }, { ssh_common_args: unknown }];
    for (const given of cases) {
      const [ours, theirs] = [await message({ ...given, openssh: false }), await message(given)];
      expect(theirs).toBe(ours);
      expect(ours).not.toBe('');
    }
    await expect(connect({ user: 'nobody' })).rejects.toThrow(
      /^node1: login as nobody refused \(tried .*id_ed25519\)/,
    );
    await connect({ ssh_common_args: unknown, acceptNewHostKeys: true });
    expect(await message({ ssh_common_args: unknown })).toBe('');
  });

  test('for its host key has changed', async () => {
    const other = await Sshd.start(machine, { hostKeys: ['ecdsa'] });
    const key = readFileSync(`${await controller.makeKey('not_its_own', 'ecdsa')}.pub`, 'utf8');
    const hosts = join(controller.home, 'changed_hosts');
    writeFileSync(hosts, `[${other.address}]:${other.port} ${key}`);
    const given = { ssh_common_args: `-o UserKnownHostsFile=${hosts}` };
    for (const acceptNewHostKeys of [false, true]) {
      expect(await message({ ...given, acceptNewHostKeys }, other)).toMatch(
        /its host key has CHANGED; it now shows ecdsa-sha2-nistp256 SHA256:/,
      );
    }
  });
});

describe('is chosen by itself', () => {
  test('for a certificate beside the key, or named by CertificateFile', async () => {
    const authority = await controller.makeKey('user_ca', 'ed25519');
    const path = await controller.makeKey('certified', 'ed25519');
    await execa('ssh-keygen', ['-q', '-s', authority, '-I', 'op', '-n', 'op', `${path}.pub`]);
    writeFileSync(join(machine.root, 'etc/ssh/user_ca.pub'), readFileSync(`${authority}.pub`));
    const strict = await Sshd.start(machine, { settings: { TrustedUserCAKeys: '/etc/ssh/user_ca.pub' } });
    await controller.trust(machine, strict);
    const connection = await connect({ openssh: false, user: 'op', ssh_private_key_file: path }, strict);
    expect(connection).toBeInstanceOf(OpenSshConnection);
    expect(await whoAmI(connection)).toBe('op@openssh');
    expect(strict.log).toMatch(/Accepted publickey for op .* ED25519-CERT/);
  });

  test('for a host that shows a certificate of an authority', async () => {
    const authority = await controller.makeKey('host_ca', 'ed25519');
    // It makes the key that is to be certified.
    await Sshd.start(machine, { hostKeys: ['rsa'] });
    const publicKey = join(controller.home, 'host.pub');
    writeFileSync(publicKey, await machine.run(`cat ${hostKeyFile('rsa')}.pub`));
    await execa('ssh-keygen', ['-q', '-s', authority, '-I', 'host', '-h', '-n', machine.address, publicKey]);
    writeFileSync(
      join(machine.root, `${hostKeyFile('rsa')}-cert.pub`),
      readFileSync(publicKey.replace('.pub', '-cert.pub')),
    );
    const shown = await Sshd.start(machine, {
      hostKeys: ['rsa'],
      settings: { HostCertificate: `${hostKeyFile('rsa')}-cert.pub` },
    });
    appendFileSync(
      controller.knownHosts,
      `@cert-authority [${machine.address}]:${shown.port} ${readFileSync(`${authority}.pub`, 'utf8')}`,
    );
    const connection = await connect({ openssh: false }, shown);
    expect(connection).toBeInstanceOf(OpenSshConnection);
    expect(await whoAmI(connection)).toBe('root@openssh');
    expect(connection.hostKey).toMatch(/^SHA256:/);
  });

  test.for([
    ['a security key', (path: string) => `IdentityFile ${path}`],
    ['an address family', () => 'AddressFamily inet'],
    ['algorithms that only ssh has', () => 'KexAlgorithms sntrup761x25519-sha512@openssh.com'],
  ] as const)('for %s', async ([, text]) => {
    const path = join(controller.home, 'id_sk');
    writeFileSync(path, securityKey(), { mode: 0o600 });
    controller.configure(text(path));
    const connection = await connect({ openssh: false });
    expect(connection).toBeInstanceOf(OpenSshConnection);
    expect(await whoAmI(connection)).toBe('root@openssh');
  });
});

test('jump hosts are gone through', async () => {
  const inner = await Machine.start('inner', machine);
  const behind = await Sshd.start(inner);
  await controller.trust(inner, behind);
  await controller.authorizeOn(inner);
  controller.configure(`Host gate\n HostName ${sshd.address}\n Port ${sshd.port}\n`);
  const connection = await connect({ ssh_common_args: '-J op@gate' }, behind);
  expect(await whoAmI(connection)).toBe('root@inner');
  await expect(connect({ ssh_common_args: '-J stranger@gate' }, behind)).rejects.toThrow(
    `node1: at ${sshd.address}, on the way: login as stranger refused`,
  );
  await controller.close();
  authorize(inner, 'root', '');
  await inner.stop();
});
