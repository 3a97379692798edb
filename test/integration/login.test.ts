import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { exitCodes, UnreachableError } from '../../src/core/errors.ts';
import { fromPkcs8 } from '../../src/transport/pkcs8.ts';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { authorize, Sshd, type KeyType } from './support/sshd.ts';

const controller = Controller.use();
const password = `p'a"s$s \\ wörd%`;
let machine: Machine;
let sshd: Sshd;

beforeAll(async () => {
  machine = await Machine.start('login');
  sshd = await Sshd.start(machine);
  await controller.trust(machine, sshd);
  await machine.addUser('op', { password });
});
afterAll(() => machine.stop());

/** Logs in and asks the host who we are. */
async function whoAmI(...args: Parameters<Controller['target']>): Promise<string> {
  const session = await controller.open(await controller.connect(controller.target(...args)));
  return (await session.run('id -un')).stdout.trim();
}

async function passwordSshd(settings: Record<string, string | number>): Promise<Sshd> {
  const started = await Sshd.start(machine, { settings });
  await controller.trust(machine, started);
  return started;
}

const targets = (to: Sshd, given: Parameters<Controller['target']>[1], ...names: string[]) =>
  Promise.all(names.map((name) => controller.target(to, given, name)));

const attemptsIn = (log: string, method: string) => log.split(`Failed ${method} for `).length - 1;

async function makeKeyFor(user: string, name: string, type: KeyType, passphrase = ''): Promise<string> {
  const path = await controller.makeKey(name, type, passphrase);
  authorize(machine, user, readFileSync(`${path}.pub`, 'utf8'));
  return path;
}

describe('keys', () => {
  test.for(['ed25519', 'ecdsa', 'rsa'] as const)('a key of type %s', async (type) => {
    const path = await makeKeyFor('op', `key_${type}`, type);
    expect(await whoAmI(sshd, { user: 'op', ssh_private_key_file: path })).toBe('op');
  });

  test('a key that the host does not know is refused, and named', async () => {
    const path = await controller.makeKey('stranger', 'ed25519');
    const refused = controller.connect(controller.target(sshd, { ssh_private_key_file: path }));
    await expect(refused).rejects.toMatchObject({
      exitCode: exitCodes.unreachable,
      message: `node1: login as root refused (tried ${path})`,
      hint: `check with: ssh -p ${sshd.port} root@${sshd.address}`,
    });
  });

  test.for([
    [
      'an encrypted key',
      'encrypted: load it with ssh-add',
      () => controller.makeKey('locked', 'ed25519', 'secret'),
    ],
    ['an old encrypted key', 'encrypted: load it with ssh-add', () => oldEncryptedKey()],
    ['a public key', 'a public key', async () => `${await controller.makeKey('half', 'ed25519')}.pub`],
    ['no key at all', 'not a private key', () => textFile('notes.txt', 'buy milk\n')],
    ['a file that is not there', 'no such file', () => join(controller.home, '.ssh/gone')],
    ['a folder', 'unreadable: EISDIR', () => join(controller.home, '.ssh')],
  ] as const)('%s is named with the reason', async ([, reason, make]) => {
    const path = await make();
    const refused = controller.connect(controller.target(sshd, { ssh_private_key_file: path }));
    await expect(refused).rejects.toThrow(UnreachableError);
    await expect(refused).rejects.toThrow(`${path} (${reason}`);
  });

  describe('with a passphrase', () => {
    /** Logs in to this many hosts with a key; what was asked meanwhile. */
    async function enter(path: string, hosts: number, ...answers: string[]): Promise<string[]> {
      const asked: string[] = [];
      const pool = controller.pool(100, (key) => {
        asked.push(key);
        return Promise.resolve(answers[asked.length - 1] ?? '');
      });
      const names = [...Array(hosts).keys()].map((n) => `node${n}`);
      const given = { user: 'op', ssh_private_key_file: path };
      await Promise.all((await targets(sshd, given, ...names)).map((each) => pool.connect(each)));
      return asked;
    }

    test('is asked for once, however many hosts', async () => {
      const path = await makeKeyFor('op', 'asked', 'ed25519', 'p ass');
      expect(await enter(path, 5, 'p ass')).toEqual([path]);
      expect(await enter(path, 1)).toEqual([]);
    });

    test('is asked for again when it was wrong, and then no more', async () => {
      const path = await makeKeyFor('op', 'mistyped', 'rsa', 'right');
      expect(await enter(path, 2, 'wrong', 'right')).toEqual([path, path]);
      const never = await makeKeyFor('op', 'forgotten', 'rsa', 'right');
      await expect(enter(never, 2, 'wrong', 'no', 'nope', 'right')).rejects.toThrow(`${never} (encrypted`);
    });

    test('is not asked for where another key gets in', async () => {
      const path = await controller.makeKey('not_asked', 'ed25519', 'secret');
      const right = await makeKeyFor('op', 'plain', 'ecdsa');
      controller.configure(`Match all\nIdentityFile ${right}\n`);
      expect(await enter(path, 1)).toEqual([]);
      controller.configure('');
    });

    test.for([
      ['rsa', ''],
      ['rsa', 'secret'],
      ['ecdsa', ''],
      ['ecdsa', 'secret'],
      ['ed25519', ''],
      ['ed25519', 'secret'],
    ] as const)('or in PKCS#8: %s, passphrase "%s"', async ([type, passphrase]) => {
      const path = join(controller.home, `pkcs8_${type}${passphrase}`);
      const pem = { format: 'pem', type: 'pkcs8' } as const;
      const keys = {
        rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
        ecdsa: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
        ed25519: () => generateKeyPairSync('ed25519'),
      };
      const { privateKey } = keys[type]();
      const locked = passphrase === '' ? {} : { cipher: 'aes-256-cbc', passphrase };
      writeFileSync(path, privateKey.export({ ...pem, ...locked }), { mode: 0o600 });
      const key = ssh2.utils.parseKey(fromPkcs8(Buffer.from(privateKey.export(pem)), undefined) ?? '');
      if (key instanceof Error) throw key;
      authorize(machine, 'op', `${key.type} ${key.getPublicSSH().toString('base64')}\n`);
      expect(await enter(path, 1, passphrase)).toEqual(passphrase === '' ? [] : [path]);
    });
  });

  test('of several identities the one that fits gets in', async () => {
    const wrong = await controller.makeKey('several_wrong', 'rsa');
    const right = await makeKeyFor('op', 'several_right', 'ecdsa');
    controller.configure(`Host ${sshd.address}\n  IdentityFile ${wrong}\n  IdentityFile ${right}\n`);
    expect(await whoAmI(sshd, { user: 'op' })).toBe('op');
    controller.configure('');
  });

  test('too many keys for the host: the error says which were tried', async () => {
    const strict = await passwordSshd({ MaxAuthTries: 2 });
    const keys = [];
    for (const name of ['many1', 'many2', 'many3']) keys.push(await controller.makeKey(name, 'ed25519'));
    controller.configure(keys.map((key) => `IdentityFile ${key}\n`).join(''));
    const refused = controller.connect(controller.target(strict, { user: 'op' }));
    await expect(refused).rejects.toThrow(UnreachableError);
    await expect(refused).rejects.toThrow(/Too many authentication failures.*many1.*many2/);
    controller.configure('');
  });
});

describe('the agent', () => {
  let agentPid = 0;
  const socket = join(controller.home, 'agent');

  beforeAll(async () => {
    const { stdout } = await execa('ssh-agent', ['-a', socket, '-s']);
    agentPid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
  });
  afterAll(() => {
    process.kill(agentPid);
  });
  afterEach(async () => {
    await execa('ssh-add', ['-q', '-D'], { env: { SSH_AUTH_SOCK: socket } });
    vi.stubEnv('SSH_AUTH_SOCK', undefined);
  });

  async function load(path: string, passphrase = ''): Promise<void> {
    const ask = join(controller.home, 'ask');
    writeFileSync(ask, '#!/bin/sh\necho "$PASSPHRASE"\n', { mode: 0o700 });
    await execa('ssh-add', ['-q', path], {
      env: { SSH_AUTH_SOCK: socket, SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: 'force', PASSPHRASE: passphrase },
    });
  }

  test.for(['ed25519', 'ecdsa', 'rsa'] as const)('signs with a key of type %s', async (type) => {
    vi.stubEnv('SSH_AUTH_SOCK', socket);
    await load(await makeKeyFor('op', `agent_${type}`, type));
    expect(await whoAmI(sshd, { user: 'op', ssh_private_key_file: '/none' })).toBe('op');
  });

  test('makes an encrypted key usable', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', socket);
    const path = await makeKeyFor('op', 'agent_locked', 'ed25519', 'secret');
    await load(path, 'secret');
    expect(await whoAmI(sshd, { user: 'op', ssh_private_key_file: path })).toBe('op');
  });

  test('is asked for all of its keys', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', socket);
    await load(await controller.makeKey('agent_first', 'ed25519'));
    await load(await makeKeyFor('op', 'agent_second', 'ed25519'));
    expect(await whoAmI(sshd, { user: 'op', ssh_private_key_file: '/none' })).toBe('op');
  });

  test('that refuses to sign is named', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', socket);
    const path = await makeKeyFor('op', 'agent_confirm', 'ed25519');
    await execa('ssh-add', ['-q', '-c', path], { env: { SSH_AUTH_SOCK: socket } });
    const refused = controller.connect(
      controller.target(sshd, { user: 'op', ssh_private_key_file: '/none' }),
    );
    await expect(refused).rejects.toThrow(UnreachableError);
    await expect(refused).rejects.toThrow(`the agent at ${socket}`);
  });

  test('that is gone is no obstacle to a password', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', join(controller.home, 'no-agent-here'));
    const open = await passwordSshd({ PasswordAuthentication: 'yes' });
    expect(await whoAmI(open, { user: 'op', password })).toBe('op');
  });

  test('that is gone is named where nothing else is left', async () => {
    const gone = join(controller.home, 'no-agent-here');
    vi.stubEnv('SSH_AUTH_SOCK', gone);
    const refused = controller.connect(controller.target(sshd, { ssh_private_key_file: '/none' }));
    await expect(refused).rejects.toThrow(UnreachableError);
    await expect(refused).rejects.toThrow(`the agent at ${gone} (which does not answer)`);
  });
});

describe('passwords', () => {
  test('by the password method', async () => {
    const open = await passwordSshd({ PasswordAuthentication: 'yes' });
    expect(await whoAmI(open, { user: 'op', password })).toBe('op');
    expect(open.log).toContain('Accepted password for op');
  });

  test('by keyboard-interactive, where that is all there is', async () => {
    const interactive = await passwordSshd({ KbdInteractiveAuthentication: 'yes' });
    expect(await whoAmI(interactive, { user: 'op', password })).toBe('op');
    expect(interactive.log).toContain('Accepted keyboard-interactive/pam for op');
  });

  test('after a key, where the host wants both', async () => {
    const both = await passwordSshd({
      PasswordAuthentication: 'yes',
      AuthenticationMethods: 'publickey,password',
    });
    const path = await makeKeyFor('op', 'with_password', 'ed25519');
    expect(await whoAmI(both, { user: 'op', password, ssh_private_key_file: path })).toBe('op');
  });

  test('a wrong one counts once, though the host takes it in two ways', async () => {
    const either = await passwordSshd({ PasswordAuthentication: 'yes', KbdInteractiveAuthentication: 'yes' });
    const refused = controller.connect(controller.target(either, { user: 'op', password: 'wrong' }));
    await expect(refused).rejects.toThrow('node1: login as op refused (tried the password)');
    expect(attemptsIn(either.log, 'password')).toBe(1);
    expect(attemptsIn(either.log, 'keyboard-interactive/pam')).toBe(0);
  });

  test('a wrong one is tried on one host, and the others are told', async () => {
    const open = await passwordSshd({ PasswordAuthentication: 'yes' });
    const pool = controller.pool();
    const names = ['node1', 'node2', 'node3', 'node4', 'node5'];
    const results = await Promise.allSettled(
      (await targets(open, { user: 'op', password: 'wrong' }, ...names)).map((each) => pool.connect(each)),
    );
    expect(results.map((result) => result.status === 'rejected' && (result.reason as Error).message)).toEqual(
      [
        'node1: login as op refused (tried the password)',
        ...names.slice(1).map((name) => `${name}: not tried, as node1 refused the password`),
      ],
    );
    expect(attemptsIn(open.log, 'password')).toBe(1);
  });

  test('a host that is down says nothing about the password', async () => {
    const open = await passwordSshd({ PasswordAuthentication: 'yes' });
    const pool = controller.pool();
    const [out] = await targets(open, { user: 'op', password, port: 1 }, 'down');
    const others = await targets(open, { user: 'op', password }, 'node1', 'node2');
    const down = out && pool.connect(out);
    const up = others.map((each) => pool.connect(each));
    await expect(down).rejects.toThrow('connection refused');
    await Promise.all(up);
  });

  test('a host with a wrong password of its own does not stand in the way of the others', async () => {
    const open = await passwordSshd({ PasswordAuthentication: 'yes' });
    const pool = controller.pool();
    const ways = [
      await controller.target(open, { user: 'op', password: 'wrong' }, 'node1'),
      await controller.target(open, { user: 'op', password }, 'node2'),
    ];
    const [wrong, right] = ways.map((way) => pool.connect(way));
    await expect(wrong).rejects.toThrow('refused');
    await right;
  });

  test('a host that let the key in has not proved the password', async () => {
    const open = await passwordSshd({ PasswordAuthentication: 'yes' });
    const path = await makeKeyFor('op', 'not_proof', 'ed25519');
    await machine.addUser('other', { password });
    const pool = controller.pool();
    const given = { password: 'wrong', ssh_private_key_file: path };
    await pool.connect(await controller.target(open, { ...given, user: 'op' }, 'node1'));
    await machine.run('rm /etc/ssh/keys/op');
    const results = await Promise.allSettled(
      (await targets(open, { ...given, user: 'op' }, 'node2', 'node3', 'node4')).map((each) =>
        pool.connect(each),
      ),
    );
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(attemptsIn(open.log, 'password')).toBe(1);
  });
});

async function oldEncryptedKey(): Promise<string> {
  const path = await controller.makeKey('locked_pem', 'rsa', 'secret');
  await execa('ssh-keygen', ['-q', '-p', '-m', 'PEM', '-P', 'secret', '-N', 'secret', '-f', path]);
  return path;
}

function textFile(name: string, text: string): string {
  const path = join(controller.home, name);
  writeFileSync(path, text);
  return path;
}
