import { setTimeout as delay } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { labRelease } from '../lab-release.ts';
import {
  drover,
  expectExit,
  leaderOf,
  linesOf,
  TestLab,
  threeNodes,
  writeInventory,
  type Outcome,
} from './harness.ts';
import { Ledger } from './ledger.ts';
import { Sampler } from './writable.ts';

const nodes = ['node1', 'node2', 'node3'];
/** Patroni 3.0 takes a lapsed lease for its own (patroni#2689): a leader that comes back may push the new one aside. */
const isFaulty = labRelease === '12';
const lab = new TestLab();
const on = (...args: string[]) => drover(...args, '-i', lab.inventory, '--json');
const onNode = (node: string, sql: string) =>
  lab.on(node, `runuser -u postgres -- psql -Atc "${sql}" 2>/dev/null`);

/** How the cluster replicates: DROVER_REPLICATION, separated by commas. */
const modes = (process.env['DROVER_REPLICATION'] ?? 'asynchronous').split(',');

/** The probes that failed: where, and what was found. */
const failed = (outcome: Outcome) => linesOf(outcome, 'probe').filter(({ verdict }) => verdict === 'fail');

/** Waits until Patroni has put right what it can, then does what verify says of the rest. */
async function mend(): Promise<string[]> {
  try {
    await whole();
    return [];
  } catch {
    const diverged = failed(await on('verify')).filter(({ probe }) => probe === 'history');
    for (const { where } of diverged) expectExit(await on('reinit', where, '-y'), 0);
    await whole();
    return diverged.map(({ where }) => where);
  }
}

/** Waits until nothing fails. */
async function whole(): Promise<void> {
  await vi.waitFor(
    async () => {
      expectExit(await on('verify'), 0);
    },
    { timeout: 120_000, interval: 1000 },
  );
}

/** Rows of the ledger on each node, as one text that other rows change. */
function contents(): Promise<string[]> {
  const all = "SELECT count(*), md5(string_agg(run || ' ' || n, ',' ORDER BY run, n)) FROM ledger";
  return Promise.all(nodes.map((node) => onNode(node, all)));
}

function inventoryOf(mode: string): string {
  const text = readFileSync(threeNodes, 'utf8');
  return writeInventory(
    mode === 'synchronous' ? text.replace(/^( {2}vars:)$/m, '$1\n    patroni_synchronous_mode: true') : text,
  );
}

describe.each(modes)('a cluster with %s replication whose leader was away', (mode) => {
  let ledger: Ledger;
  beforeAll(async () => {
    await lab.upHealthy(inventoryOf(mode));
    ledger = await Ledger.make(lab);
  });
  afterAll(() => lab.down());

  it.each([
    {
      fault: 'frozen for 60 s',
      seconds: 60,
      // What it acknowledged last had reached the others: its kernel still sends what was written.
      keeps: true,
      begin: (leader: string) => {
        lab.lab.pause(leader);
        return Promise.resolve();
      },
    },
    {
      fault: 'cut off from the other nodes for 70 s',
      seconds: 70,
      // It takes rows until it steps down, which nobody else gets.
      keeps: mode === 'synchronous',
      begin: (leader: string) =>
        lab.lab.partition(
          leader,
          nodes.filter((node) => node !== leader),
        ),
    },
  ])('$fault: one history is left', async ({ fault, seconds, keeps, begin }) => {
    const leader = await leaderOf(lab.inventory);
    const sampler = new Sampler(lab, nodes);
    const { result, writes, lost } = await ledger.during(async () => {
      await begin(leader);
      await delay(seconds * 1000);
      await lab.lab.heal(leader);
      return mend();
    });
    const doubly = await sampler.stop();
    const whom = result.length === 0 ? 'nobody' : result.join(', ');
    console.log(
      `Debian ${labRelease}, ${mode}, ${fault}: ${writes.acknowledged.length} rows acknowledged, ${lost.length} lost; ` +
        `two took writes for ${doubly} s; write gap ${writes.gap} s, ${writes.errors.length} refused; diverged: ${whom}`,
    );
    await vi.waitFor(
      async () => {
        expect(new Set(await contents()).size).toBe(1);
      },
      { timeout: 30_000 },
    );
    expectExit(await on('verify'), 0);
    if (isFaulty) return;
    expect(result).toEqual([]);
    if (keeps) expect(lost).toEqual([]);
  });
});

describe('data that is not the leader’s', () => {
  beforeAll(() => lab.upHealthy(threeNodes));
  afterAll(() => lab.down());

  it('two that take writes stop every verb but the one that ends it', async () => {
    expectExit(await on('pause', '-y'), 0);
    await onNode('node3', 'SELECT pg_promote()');
    const says = /node1 \(timeline \d+, with the leader’s lock\) and node3 \(timeline \d+, without it\)/;
    await vi.waitFor(async () => {
      const verified = await on('verify', '--read-only');
      expectExit(verified, 7);
      expect(failed(verified).map(({ found }) => found)).toContainEqual(expect.stringMatching(says));
    }, 30_000);
    expect((await drover('status', '-i', lab.inventory)).exitCode).toBe(7);
    for (const verb of [
      ['provision'],
      ['plan'],
      ['upgrade'],
      ['switchover'],
      ['failover', '--to', 'node2'],
      ['restart'],
      ['reload'],
      ['resume'],
      ['rebalance'],
      ['reinit', 'node2'],
      ['remove', 'node2'],
    ]) {
      const refused = await on(...verb, ...(verb[0] === 'plan' ? [] : ['-y']));
      expectExit(refused, 7);
      expect(refused.stderr).toMatch(says);
      expect(refused.stderr).toMatch(/drover reinit node3 .*, and clones node1; Patroni is paused/);
      expect(linesOf(refused, 'change')).toEqual([]);
    }
    expectExit(await on('reinit', 'node3', '-y'), 0);
    expectExit(await on('resume', '-y'), 0);
    await whole();
  });

  it('a timeline of the same number that began elsewhere is seen, and never takes the lead', async () => {
    expectExit(await on('pause', '-y'), 0);
    const data = (await onNode('node3', 'SHOW data_directory')).trim();
    // Beside Patroni it becomes a primary, takes rows, and a standby again.
    await lab.on('node3', 'systemctl stop patroni');
    await onNode('node3', 'SELECT pg_promote()');
    await onNode('node3', 'CREATE TABLE others AS SELECT generate_series(1, 1000)');
    await lab.on(
      'node3',
      `cd / && runuser -u postgres -- sh -c '/usr/lib/postgresql/*/bin/pg_ctl -D ${data} -m fast stop && touch ${data}/standby.signal'`,
    );
    expectExit(await on('resume', '-y'), 0);
    expectExit(await on('switchover', '--to', 'node2', '-y'), 0);
    await lab.on('node3', 'systemctl start patroni');
    const rift = /timeline (\d+) from 0\/[0-9A-F]+, the leader timeline \1 from 0\/[0-9A-F]+/;
    await vi.waitFor(
      async () => {
        const refused = await on('switchover', '--to', 'node3', '-y');
        expectExit(refused, 7);
        expect(refused.stderr).toMatch(rift);
        expect(refused.stderr).toContain('drover reinit node3');
      },
      { timeout: 120_000, interval: 1000 },
    );
    for (const verb of [
      ['failover', '--to', 'node3'],
      ['restart', 'node1'],
      ['remove', 'node1'],
    ]) {
      const refused = await on(...verb, '-y');
      expectExit(refused, 7);
      expect(refused.stderr).toMatch(rift);
    }
    const verified = await on('verify', '--read-only');
    expectExit(verified, 7);
    expect(failed(verified)).toContainEqual(
      expect.objectContaining({
        probe: 'history',
        where: 'node3',
        found: expect.stringMatching(rift) as unknown,
      }),
    );
    expectExit(await on('reinit', 'node3', '-y'), 0);
    await whole();
  });
});
