import { afterAll, beforeAll, expect, test } from 'vitest';
import { Controller } from './support/controller.ts';
import { Machine } from './support/machine.ts';
import { playOver, tasksOf } from './support/playing.ts';
import { Sshd } from './support/sshd.ts';

const controller = Controller.use();
let machines: [Machine, Machine];
let [one, other, again]: Sshd[] = [];

beforeAll(async () => {
  machines = [await Machine.start('whole1'), await Machine.start('whole2')];
  one = await Sshd.start(machines[0]);
  again = await Sshd.start(machines[0]);
  other = await Sshd.start(machines[1]);
  await machines[1].addUser('nobodys');
  await controller.trust(machines[0], one);
  await controller.trust(machines[0], again);
  await controller.trust(machines[1], other);
  await controller.authorizeOn(machines[0]);
  await controller.authorizeOn(machines[1], 'nobodys');
});
afterAll(() => Promise.all(machines.map((machine) => machine.stop())));

const line = (name: string, sshd: Sshd | undefined, user = 'root') =>
  `    ${name}: { ansible_host: ${sshd?.address ?? ''}, ansible_port: ${sshd?.port ?? ''}, ansible_user: ${user} }\n`;
const inventory = (...lines: string[]) => `all:\n  hosts:\n${lines.join('')}`;
const touch = (become: boolean) =>
  `- { hosts: all, become: ${String(become)}, tasks: [{ name: t, copy: { dest: /tmp/by-run, content: x } }] }\n`;

test('a host outside the limit that refuses sudo is left out, and one inside ends the run', async () => {
  const hosts = inventory(line('good', one), line('bad', other, 'nobodys'));
  const limited = await playOver(controller, hosts, touch(true), { limit: 'good' });
  expect(limited).toMatchObject({ exitCode: 0, error: '' });
  expect(tasksOf(limited)).toEqual(['good t: changed']);
  const lost = limited.events.find((event) => event.type === 'host' && event.host === 'bad' && event.message);
  expect(lost).toMatchObject({ message: expect.stringMatching(/^bad: sudo refused/) as string });
  const whole = await playOver(controller, hosts, touch(true));
  expect(whole.error).toMatch(/^bad: sudo refused/);
});

test('two names of one machine are refused before anything is changed there', async () => {
  await machines[0].run('rm -f /tmp/by-run');
  const hosts = inventory(line('node1', one), line('alias', again), line('node2', other));
  const { error } = await playOver(controller, hosts, touch(false));
  expect(error).toContain('alias and node1 are the same machine');
  await machines[0].run('[ ! -e /tmp/by-run ]');
});

test('a run of root without become has the lock, and is in the journal', async () => {
  await machines[0].run('rm -rf /tmp/by-run /var/lib/drover /run/drover');
  const { exitCode } = await playOver(controller, inventory(line('node1', one)), touch(false));
  expect(exitCode).toBe(0);
  expect(await machines[0].run('cat /run/drover/holder')).toContain('run test: ');
  const journal = await machines[0].run('cat /var/lib/drover/journal');
  expect(journal.split('\n').map((text) => (JSON.parse(text) as { phase: string }).phase)).toEqual([
    'begin',
    'begun',
    'done',
    'end',
  ]);
  expect(await machines[0].run('ls /var/lib/drover')).toContain('wanted');
});
