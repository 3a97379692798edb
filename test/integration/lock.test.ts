import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LockHeldError } from '../../src/core/errors.ts';
import { Vault } from '../../src/core/secrets.ts';
import { HostRun } from '../../src/engine/hosts/host-run.ts';
import { describeHolder, lockHosts } from '../../src/engine/hosts/lock.ts';
import { lockOptions } from './support/lock-options.ts';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { Sshd } from './support/sshd.ts';
import { startHolder } from './support/start-holder.ts';

const controller = Controller.use();
const holders: ChildProcess[] = [];
let machines: [Machine, Machine];
let sshds: [Sshd, Sshd];

beforeAll(async () => {
  machines = [await Machine.start('lock1'), await Machine.start('lock2')];
  sshds = [await Sshd.start(machines[0]), await Sshd.start(machines[1])];
  for (const [index, machine] of machines.entries()) {
    const sshd = sshds[index];
    if (sshd) await controller.trust(machine, sshd);
    await controller.authorizeOn(machine);
  }
});
afterEach(async () => {
  for (const holder of holders.splice(0)) holder.kill('SIGKILL');
  // The lock stays held until the step under way has ended.
  for (const pid of await machines[0].processes('sleep 1041')) await machines[0].run(`kill ${pid}`);
});
afterAll(() => Promise.all(machines.map((machine) => machine.stop())));

async function connect(): Promise<HostRun[]> {
  const pool = controller.pool();
  return Promise.all(
    sshds.map(async (sshd, index) => {
      const name = `node${index + 1}`;
      return new HostRun(name, await pool.connect(await controller.target(sshd, {}, name)), new Vault());
    }),
  );
}

/** Another controller, which holds the first host's lock, and runs a script there. */
async function hold(script: string): Promise<ChildProcess> {
  const target = await controller.target(sshds[0], {}, 'node1');
  const holder = await startHolder(controller, target, script);
  holders.push(holder);
  return holder;
}

const free = async (host: HostRun) => {
  const { held } = await host.lock('a look');
  if (held) await host.unlock();
  return held;
};

describe('the lock', () => {
  test('of all hosts is taken and let go', async () => {
    const [hosts, others] = [await connect(), await connect()];
    expect(await lockHosts(hosts, lockOptions(describeHolder('r1', 'provision')))).toBe(false);
    const refused = lockHosts(others, lockOptions(describeHolder('r2', 'provision')));
    await expect(refused).rejects.toThrow(/^node1, node2: locked by run r1: .*, provision, since \d{4}-/);
    await Promise.all(hosts.map((host) => host.unlock()));
    expect(await lockHosts(others, lockOptions(describeHolder('r2', 'provision')))).toBe(false);
    await Promise.all([...hosts, ...others].map((host) => host.close()));
  });

  test('refuses a second controller, with who and since when, and keeps no other host', async () => {
    const began = new Date().toISOString();
    await hold('sleep 1041');
    const [hosts, others] = [await connect(), await connect()];
    const warnings: unknown[] = [];
    const refused = lockHosts(
      hosts,
      lockOptions('me', { timeout: 1, emit: (event) => warnings.push(event) }),
    );
    await expect(refused).rejects.toThrow(LockHeldError);
    const message = await refused.catch((error: unknown) => (error as Error).message);
    const [, who, since = ''] =
      /^node1: locked by run other: (\S+), a test, since (\S+)$/.exec(String(message)) ?? [];
    expect(who).toMatch(/.@./);
    expect(since >= began && since <= new Date().toISOString()).toBe(true);
    await expect(refused).rejects.toMatchObject({ exitCode: 6 });
    expect(warnings).toHaveLength(1);
    expect(await Promise.all(others.map(free))).toEqual([false, true]);
    await Promise.all([...hosts, ...others].map((host) => host.close()));
  });

  test('is free when its holder was killed, but not before the step under way has ended', async () => {
    const holder = await hold('until [ -e /tmp/step-done ]; do sleep 0.1; done; touch /tmp/step-ended');
    const [host] = await connect();
    if (!host) throw new Error('no host');
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await expect.poll(() => machines[0].processes('sshd: root'), { timeout: 10_000 }).toHaveLength(1);
    expect(await free(host)).toBe(false);
    await machines[0].run('touch /tmp/step-done');
    await expect.poll(() => free(host), { timeout: 10_000 }).toBe(true);
    await machines[0].run('[ -e /tmp/step-ended ]');
    await host.close();
  });

  test('is waited for, and taken when the holder is gone', async () => {
    const holder = await hold('true');
    const hosts = await connect();
    const waited = lockHosts(hosts, lockOptions('me', { timeout: 60, emit: () => holder.kill('SIGKILL') }));
    expect(await waited).toBe(true);
    await Promise.all(hosts.map((host) => host.close()));
  });

  test('is not inherited by what a step leaves running', async () => {
    const hosts = await connect();
    await lockHosts(hosts, lockOptions('me'));
    await hosts[0]?.run('setsid sleep 1040 >/dev/null 2>&1 &', true);
    await Promise.all(hosts.map((host) => host.close()));
    const others = await connect();
    await expect.poll(() => Promise.all(others.map(free)), { timeout: 10_000 }).toEqual([true, true]);
    for (const pid of await machines[0].processes('sleep 1040')) await machines[0].run(`kill ${pid}`);
    await Promise.all(others.map((host) => host.close()));
  });

  test('waits no longer than the run is let go on', async () => {
    await hold('sleep 1041');
    const hosts = await connect();
    const stop = () => {
      throw new Error('interrupted');
    };
    await expect(lockHosts(hosts, lockOptions('me', { timeout: 60, checkpoint: stop }))).rejects.toThrow(
      'interrupted',
    );
    expect(await free((await connect())[1] as HostRun)).toBe(true);
  });
});
