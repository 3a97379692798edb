import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { drover, expectExit, leaderOf, linesOf, TestLab, threeNodes, type Outcome } from './harness.ts';
import { Ledger } from './ledger.ts';
import { Sampler } from './writable.ts';

const nodes = ['node1', 'node2', 'node3'];
const lab = new TestLab('lead');
const on = (...args: string[]) => drover(...args, '-i', lab.inventory, '--json');
const failed = (outcome: Outcome) =>
  linesOf(outcome, 'probe').flatMap(({ probe, where, found, verdict }) =>
    verdict === 'fail' ? [`${probe} ${where}: ${found}`] : [],
  );

let ledger: Ledger;
beforeAll(async () => {
  await lab.upHealthy(threeNodes);
  ledger = await Ledger.make(lab);
});
afterAll(() => lab.down());

/** Rows of the ledger on each node, as one text that other rows change. */
async function contents(): Promise<string[]> {
  const query = "SELECT count(*), md5(string_agg(run || ' ' || n, ',' ORDER BY run, n)) FROM ledger";
  return Promise.all(nodes.map((node) => lab.on(node, `runuser -u postgres -- psql -Atc "${query}"`)));
}

describe.each([
  {
    fault: 'frozen for 60 s',
    begin: (leader: string) => Promise.resolve(lab.lab.pause(leader)),
    seconds: 60,
  },
  {
    fault: 'cut off from the other nodes for 70 s',
    begin: (leader: string) => lab.lab.partition(leader, nodes.filter((node) => node !== leader)),
    seconds: 70,
  },
])('the leader’s host is $fault', ({ fault, begin, seconds }) => {
  it('and the cluster is whole after it, with one history', async () => {
    const leader = await leaderOf(lab.inventory);
    const sampler = new Sampler(lab, nodes);
    const { writes, lost } = await ledger.during(async () => {
      await begin(leader);
      await delay(seconds * 1000);
      await lab.lab.heal(leader);
      await vi.waitFor(async () => expect(failed(await on('verify'))).toEqual([]), {
        timeout: 120_000,
        interval: 1000,
      });
    });
    const doubly = await sampler.stop();
    console.log(
      `${fault}: ${writes.acknowledged.length} rows acknowledged, ${lost.length} lost; two took writes for ${doubly} s; write gap ${writes.gap} s, ${writes.errors.length} refused`,
    );
    expectExit(await on('verify'), 0);
    await vi.waitFor(async () => expect(new Set(await contents()).size).toBe(1), { timeout: 30_000 });
  });
});
