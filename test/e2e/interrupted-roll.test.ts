import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Drifted } from '../../src/actions/drift.ts';
import type { PastRun } from '../../src/engine/journal/history.ts';
import {
  drover,
  expectExit,
  finished,
  linesOf,
  madeChanges,
  recapOf,
  start,
  startIn,
  TestLab,
  threeFastNodes,
  type Outcome,
} from './harness.ts';
import { Ledger } from './ledger.ts';
import { generator } from './random.ts';

const lab = new TestLab();
const nodes = ['node1', 'node2', 'node3'];
const hosts = [...nodes, 'HAProxy-demo'];
const on = (...args: string[]) => drover(...args, '-i', lab.inventory, '--json');

/** The same inventory on another controller. */
const checkout = mkdtempSync(join(tmpdir(), 'drover-checkout-'));
const elsewhere = async (...args: string[]) =>
  finished(startIn(checkout, ...args, '-i', 'inventory.yml', '--json'));

const kills = Number(process.env['DROVER_KILLS'] ?? 3);
const seed = Number(process.env['DROVER_SEED'] ?? 1);
const next = generator(seed);
/**
 * From the first change on such a roll has about forty events. After the twentieth what is left may be done in a
 * moment, and a pause could outlast it.
 */
const moments = Array.from({ length: kills }, (_, index) => {
  const events = 1 + Math.floor(next() * 32);
  return {
    events,
    pause: events > 20 ? 0 : Math.round(next() * 1500),
    connections: index % 2 === 0 ? 150 : 120,
    timeout: `${20 + index}m`,
  };
});

let ledger: Ledger;

beforeAll(async () => {
  await lab.upHealthy(threeFastNodes());
  ledger = await Ledger.make(lab);
});
afterAll(async () => {
  rmSync(checkout, { recursive: true });
  await lab.down();
});

/** Edits the inventory, and brings the other checkout up to date. */
function set(connections: number, timeout: string): void {
  const folder = dirname(lab.inventory);
  mkdirSync(join(folder, 'group_vars'), { recursive: true });
  const variables = {
    postgres_parameters: { max_connections: connections },
    haproxy_timeout_client: timeout,
  };
  writeFileSync(join(folder, 'group_vars/all.yml'), JSON.stringify(variables));
  for (const name of ['inventory.yml', 'secrets.yml', 'group_vars'])
    cpSync(join(folder, name), join(checkout, name), { recursive: true });
}

/** Resolves when a run has printed so many events after its first change began. */
function reached(running: ReturnType<typeof start>, events: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    let text = '';
    running.stdout.on('data', (chunk: Buffer) => {
      const lines = (text + chunk.toString()).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (seen > 0 || line.includes('"type":"start"')) seen++;
      if (seen > events) resolve();
    });
    running.stdout.once('end', resolve);
  });
}

async function history(): Promise<PastRun[]> {
  const { stdout } = await elsewhere('history');
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as PastRun);
}

async function pastRun(run: string): Promise<PastRun | undefined> {
  return (await history()).find((past) => past.run === run);
}

function runOf(outcome: Outcome): string {
  const [line] = outcome.lines;
  if (!line) throw new Error(`no event\n${outcome.stderr}`);
  return line.run;
}

async function maxConnections(): Promise<string[]> {
  const shown = nodes.map((node) => lab.on(node, 'runuser -u postgres -- psql -Atc "SHOW max_connections"'));
  return (await Promise.all(shown)).map((value) => value.trim());
}

/** When drover last wrote to its files, by host. */
function writtenAt(): Promise<string[]> {
  const files = '/var/lib/drover/journal /var/lib/drover/wanted';
  return Promise.all(hosts.map((host) => lab.on(host, `stat -c '%n %z' ${files}`)));
}

/** Nothing is left to be changed, and that costs a round trip and writes nothing. */
async function expectFinished(): Promise<void> {
  const before = await writtenAt();
  const again = await on('provision', '-y', '--no-verify');
  expectExit(again, 0);
  expect(await writtenAt()).toEqual(before);
  for (const [host, { changed, roundTrips }] of Object.entries(recapOf(again)))
    expect({ host, changed, roundTrips }).toEqual({ host, changed: 0, roundTrips: 1 });
}

describe(`a roll whose controller is killed (seed ${seed})`, () => {
  it.each(moments)(
    '$pause ms after event $events, to $connections connections, is finished by another controller',
    async ({ events, pause, connections, timeout }) => {
      set(connections, timeout);
      const { result: run, lost } = await ledger.during(async () => {
        const running = start('provision', '-y', '-i', lab.inventory, '--json');
        await reached(running, events);
        await delay(pause);
        running.kill('SIGKILL');
        const killed = await finished(running);
        const id = runOf(killed);
        console.log(`killed at event ${killed.lines.length}: ${JSON.stringify(killed.lines.at(-1))}`);
        expect(linesOf(killed, 'recap')).toEqual([]);

        // A host finishes the step that it is at, and holds the lock until then.
        await vi.waitFor(async () => expect(await pastRun(id)).toMatchObject({ outcome: 'cut off' }), {
          timeout: 120_000,
          interval: 500,
        });
        const resumed = await elsewhere('resume', id, '-y');
        expectExit(resumed, 0);
        expect(linesOf(resumed, 'probe').filter(({ verdict }) => verdict === 'fail')).toEqual([]);
        expect(await pastRun(id)).toMatchObject({ outcome: 'cut off', resumedBy: runOf(resumed) });
        expect(await pastRun(runOf(resumed))).toMatchObject({ outcome: 'done', request: { resumes: id } });
        return id;
      });
      expect(lost).toEqual([]);
      expect(await maxConnections()).toEqual(nodes.map(() => String(connections)));
      await expectFinished();
      // What is over is not gone on with a second time.
      const twice = await elsewhere('resume', run, '-y');
      expectExit(twice, 5);
    },
  );

  it('leaves journals that only root can read, without a password', async () => {
    const secrets =
      (await lab.on('node1', 'cat /etc/patroni/config.yml')).match(/(?<=password: ")[^"]+/g) ?? [];
    expect(secrets).toHaveLength(3);
    for (const host of hosts) {
      expect(await lab.on(host, 'stat -c "%a %U" /var/lib/drover/journal')).toBe('600 root');
      const journal = await lab.on(host, 'cat /var/lib/drover/journal*');
      expect(secrets.filter((secret) => journal.includes(secret))).toEqual([]);
    }
    expect(await lab.on('node1', 'cat /var/lib/drover/journal')).toContain('«secret»');
  });
});

describe('two controllers at once', () => {
  it('the second waits, and plans anew; or it names the first and leaves', async () => {
    set(140, '45m');
    const first = start('provision', '-y', '--no-verify', '-i', lab.inventory, '--json');
    await reached(first, 0);
    const hasty = await elsewhere('provision', '-y', '--no-verify', '--lock-timeout', '0');
    expectExit(hasty, 6);
    const [running] = await history();
    expect(running).toMatchObject({ outcome: 'running' });
    expect(hasty.stderr).toContain(`locked by run ${running?.run ?? '?'}`);

    const patient = await elsewhere('provision', '-y', '--no-verify');
    expectExit(patient, 0);
    expect(linesOf(patient, 'warning')[0]?.message).toContain(`locked by run ${running?.run ?? '?'}`);
    expect(Object.values(recapOf(patient)).map(({ changed }) => changed)).toEqual(hosts.map(() => 0));
    const done = await finished(first);
    expectExit(done, 0);
    expect(runOf(done)).toBe(running?.run);
    expect(await pastRun(runOf(done))).toMatchObject({ outcome: 'done' });
    // It has changed nothing, and left no trace.
    expect(await pastRun(runOf(patient))).toBeUndefined();
  });
});

describe('drift', () => {
  const ofFile = async () => {
    const { exitCode, stdout } = await elsewhere('drift');
    const found = stdout.split('\n').filter((line) => line !== '');
    const items = found.map((line) => JSON.parse(line) as Drifted);
    expect(items.every(({ host }) => host === 'HAProxy-demo')).toBe(true);
    return {
      exitCode,
      causes: items.flatMap(({ causes, changes }) =>
        changes.map(({ action, resource }) => `${action} ${resource}: ${causes.join(' ')}`),
      ),
      last: items[0]?.changes[0]?.last?.run,
    };
  };
  const file = '/etc/haproxy/haproxy.cfg';

  it('tells what was changed on a host from what was changed in the inventory', async () => {
    expect(await ofFile()).toMatchObject({ exitCode: 0, causes: [] });
    const [lastRun] = await history();

    set(140, '46m');
    const inventory = await ofFile();
    expect(inventory).toMatchObject({ exitCode: 2, last: lastRun?.run });
    expect(inventory.causes).toEqual([`update ${file}: inventory`, 'reload haproxy.service: inventory']);

    await lab.on('HAProxy-demo', `sed -i 's/retries 2/retries 7/' ${file}`);
    expect((await ofFile()).causes).toEqual([
      `update ${file}: host inventory`,
      'reload haproxy.service: host',
    ]);

    set(140, '45m');
    const byHand = await ofFile();
    expect(byHand).toMatchObject({ exitCode: 2, last: lastRun?.run });
    expect(byHand.causes).toEqual([`update ${file}: host`, 'reload haproxy.service: host']);

    expectExit(await on('provision', '-y', '--no-verify'), 0);
    expect(await ofFile()).toMatchObject({ exitCode: 0, causes: [] });
    await expectFinished();
  });

  it('knows as much after another playbook, with a command that could have written anything', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-e2e-'));
    const own = join(folder, 'own.yml');
    writeFileSync(own, '- hosts: haproxy\n  tasks:\n    - name: Look at the clock\n      shell: date\n');
    const ran = await on('play', own, '-y');
    expectExit(ran, 0);
    expect(madeChanges(ran)).toHaveLength(1);

    await lab.on('HAProxy-demo', `sed -i 's/retries 2/retries 7/' ${file}`);
    expect((await ofFile()).causes).toEqual([`update ${file}: host`, 'reload haproxy.service: host']);
    expectExit(await on('provision', '-y', '--no-verify'), 0);
    await expectFinished();
  });
});
