import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InterruptedError } from '../../src/core/errors.ts';
import { Vault } from '../../src/core/secrets.ts';
import { Fleet } from '../../src/engine/hosts/fleet.ts';
import { needContent, needDigest } from '../../src/facts/content.ts';
import { collectScript, parseCollected } from '../../src/facts/collectors.ts';
import { identify } from '../../src/facts/need.ts';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { Sshd } from './support/sshd.ts';

const controller = Controller.use();
let machine: Machine;
let sshd: Sshd;

beforeAll(async () => {
  machine = await Machine.start('hanging');
  sshd = await Sshd.start(machine);
  await controller.trust(machine, sshd);
  await controller.authorizeOn(machine);
});
afterAll(() => machine.stop());

const hangs = 'sleep 1031';

/** From here on the machine's sha256sum never ends. */
async function breakDigests(): Promise<void> {
  await machine.run(
    `printf '#!/bin/sh\\n${hangs}; :\\n' > /usr/local/sbin/sha256sum; chmod 755 /usr/local/sbin/sha256sum`,
  );
}
const mendDigests = () => machine.run('rm -f /usr/local/sbin/sha256sum');

function fleet(signal: AbortSignal): Fleet {
  const pool = controller.pool();
  return new Fleet({
    // Longer than the tests may take: only an interruption ends a wait.
    connect: async (host) => pool.connect({ ...(await controller.target(sshd, {}, host)), timeout: 600_000 }),
    vault: new Vault(),
    emit: () => undefined,
    becomeMethod: () => 'sudo',
    needsRoot: () => true,
    signal,
    checkpoint: () => {
      if (signal.aborted) throw new InterruptedError('interrupted');
    },
  });
}

test('pipes and devices are not opened, whoever put them there', async () => {
  await machine.run(
    'mkfifo /root/pipe; ln -s /dev/zero /root/zero; ln -s pipe /root/link; echo x > /root/file',
  );
  const paths = ['pipe', 'zero', 'link', 'file', 'none'].map((name) => `/root/${name}`);
  const session = await controller.open(await controller.connect(controller.target(sshd)));
  for (const needs of [
    paths.map((path) => needDigest(path)),
    paths.flatMap((path) => [needDigest(path), needContent(path)]),
  ]) {
    const { status, stdout } = await session.run(collectScript(needs));
    expect(status).toBe(0);
    const found = parseCollected(stdout, needs);
    const known = needs.filter((need) => (found.get(identify(need)) ?? []).length > 0);
    expect([...new Set(known.map(({ key }) => key))]).toEqual(['/root/file']);
  }
});

test('what hangs is given up in time, with what it was at, and nothing is left of it', async () => {
  await breakDigests();
  const session = await controller.open(await controller.connect(controller.target(sshd)), { gathering: 1 });
  const { status, stderr } = await session.run(collectScript([needDigest('/etc/hosts')]));
  expect(status).toBe(137);
  expect(stderr).toContain(`gathering digest,content took more than 1 s and was ended: ${hangs}\n`);
  expect(await machine.processes(hangs)).toEqual([]);
  expect(await session.run('echo on')).toMatchObject({ status: 0, stdout: 'on\n' });
  await mendDigests();
});

test('an interruption ends the wait for it, and it on the host', async () => {
  await breakDigests();
  const controls = new AbortController();
  const hosts = fleet(controls.signal);
  await hosts.connect(['node1']);
  const collecting = hosts.collect(hosts.get('node1'), [needDigest('/etc/hosts')]);
  const ended = expect(collecting).rejects.toThrow(InterruptedError);
  await expect.poll(() => machine.processes(hangs)).not.toEqual([]);
  controls.abort();
  await ended;
  await expect.poll(() => machine.processes(hangs), { timeout: 10_000 }).toEqual([]);
  await hosts.close();
  await mendDigests();
});

test('an interruption ends the wait for a host that says nothing', async () => {
  await machine.dropPort(sshd.port);
  const controls = new AbortController();
  const hosts = fleet(controls.signal);
  const connecting = hosts.connect(['node1']);
  await delay(100);
  controls.abort();
  await connecting;
  expect(hosts.connected()).toEqual([]);
  await machine.stopDropping();
});
