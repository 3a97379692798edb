import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  drover,
  expectExit,
  finished,
  leaderOf,
  linesOf,
  madeChanges,
  postmasterStarts,
  recapOf,
  start,
  TestLab,
  writeInventory,
  type Line,
  type Outcome,
} from './harness.ts';
import { Ledger } from './ledger.ts';

const lab = new TestLab();
const all = ['node1', 'node2', 'node3', 'node4', 'node5'];

/** Five nodes and HAProxy, with times for one site. */
const inventory = JSON.stringify({
  all: {
    vars: {
      ansible_user: 'root',
      cluster_name: 'herd',
      patroni_ttl: 20,
      patroni_loop_wait: 5,
      patroni_retry_timeout: 5,
      haproxy_check_interval: '1s',
    },
    hosts: Object.fromEntries([...all, 'lb'].map((name) => [name, {}])),
    children: {
      etcd: { hosts: Object.fromEntries(all.map((name) => [name, {}])) },
      postgres: { hosts: Object.fromEntries(all.map((name) => [name, {}])) },
      haproxy: { hosts: { lb: {} } },
    },
  },
});

let ledger: Ledger;

beforeAll(async () => {
  await lab.up(writeInventory(inventory));
  expectExit(await on(['node1', 'node2', 'node3'], 'provision', '-y', '--no-verify'), 0);
  ledger = await Ledger.make(lab, 'lb');
});
afterAll(() => lab.down());

/** Beside the lab's inventory, and with its passwords: the one that a user has with these nodes. */
function inventoryOf(nodes: readonly string[]): string {
  const { all: root } = parse(readFileSync(lab.inventory, 'utf8')) as {
    all: { hosts: Hosts; children: Record<string, { hosts: Hosts }> };
  };
  const kept = (hosts: Hosts): Hosts =>
    Object.fromEntries(Object.entries(hosts).filter(([name]) => name === 'lb' || nodes.includes(name)));
  const children = Object.fromEntries(
    Object.entries(root.children).map(([name, { hosts }]) => [name, { hosts: kept(hosts) }]),
  );
  const path = join(dirname(lab.inventory), 'members.json');
  writeFileSync(path, JSON.stringify({ all: { ...root, hosts: kept(root.hosts), children } }, null, 2));
  return path;
}
type Hosts = Record<string, unknown>;

const on = (nodes: readonly string[], ...args: string[]) =>
  drover(...args, '-i', inventoryOf(nodes), '--json');

/** Does something while one client writes and one reads; every acknowledged row has to be there. */
async function during(
  what: string,
  work: () => Promise<Outcome>,
): Promise<{ result: Outcome; errors: number }> {
  const { result, writes, reads, lost } = await ledger.during(work);
  console.log(
    `${what}: ${writes.acknowledged.length} rows acknowledged; write gap ${writes.gap} s, ${writes.errors.length} refused; read gap ${reads.gap} s, ${reads.errors.length} refused`,
  );
  expect(lost).toEqual([]);
  return { result, errors: writes.errors.length };
}

const starts = (nodes: readonly string[]) => postmasterStarts(lab, nodes);
const leaderAmong = (nodes: readonly string[]) => leaderOf(inventoryOf(nodes));

const doneIn = (outcome: Outcome) =>
  linesOf(outcome, 'step')
    .filter(({ state }) => state === 'done')
    .map(({ step }) => step);

const warningsOf = (outcome: Outcome) => linesOf(outcome, 'warning').map(({ message }) => message);

/** Starts drover, and kills it when a line of its story fits. */
async function killedAt(fits: (line: Line) => boolean, ...args: string[]): Promise<Outcome> {
  const running = start(...args);
  let rest = '';
  running.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    if (lines.some((line) => line.startsWith('{') && fits(JSON.parse(line) as Line))) running.kill('SIGKILL');
  });
  return finished(running);
}

describe('members come and go while clients read and write', () => {
  /** Who belongs to the cluster now. */
  let nodes = ['node1', 'node2', 'node3'];
  let replica = '';
  let former = '';

  it('a fourth and a fifth node join by the inventory, and nobody is restarted', async () => {
    const before = await starts(nodes);
    const { result, errors } = await during('two join', () => on(all, 'provision'));
    expectExit(result, 0);
    expect(errors).toBe(0);
    expect(await starts(nodes)).toEqual(before);
    nodes = all;
    const again = await on(nodes, 'provision', '--no-verify');
    expectExit(again, 0);
    expect(Object.values(recapOf(again)).map(({ changed }) => changed)).toEqual(Array(6).fill(0));
  });

  it('refuses and shows before it does anything', async () => {
    const unknown = await on(nodes, 'remove', 'nod5');
    expectExit(unknown, 5);
    expect(unknown.stderr).toMatch(/knows "nod5"[^]*did you mean "node5"\?/);
    const entryOnly = await on(nodes, 'remove', 'lb', '-y');
    expectExit(entryOnly, 7);
    expect(entryOnly.stderr).toContain('lb is the only HAProxy');
    const misplaced = await on(nodes, 'replace', 'node2', 'lb');
    expectExit(misplaced, 5);
    expect(misplaced.stderr).toMatch(/members\.json:\d+:\d+ {2}node2 is in the group etcd, and lb is not/);
    // A node that was only taken out of the inventory.
    const forgotten = await on(all.slice(0, 4), 'remove', 'node5', '-y');
    expectExit(forgotten, 7);
    expect(forgotten.stderr).toMatch(
      /none of the inventory’s groups, and Patroni and etcd there still answer/,
    );
    const stranger = await on(all.slice(0, 3), 'plan');
    expectExit(stranger, 2);
    expect(warningsOf(stranger).sort()).toEqual(
      ['node4', 'node5'].map(
        (name) => `${name} is a member of etcd and Patroni, and in none of the inventory’s groups`,
      ),
    );
    const shown = await on(nodes, 'remove', 'node5', '--check');
    expectExit(shown, 2);
    expect(linesOf(shown, 'operation')[0]?.steps).toHaveLength(4);
    expect([...linesOf(shown, 'step'), ...linesOf(shown, 'change')]).toEqual([]);
  });

  it('a replica leaves, by a second run when the first is killed in the midst of it', async () => {
    const leader = await leaderAmong(nodes);
    replica = nodes.find((name) => name !== leader) ?? '';
    const rest = nodes.filter((name) => name !== replica);
    const before = await starts(rest);
    const { result, errors } = await during('replica leaves', async () => {
      const killed = await killedAt(
        (line) => line.type === 'step' && line.step === `etcd has taken ${replica} out`,
        ...['remove', replica, '-y', '-i', inventoryOf(nodes), '--json'],
      );
      expect(killed.exitCode).not.toBe(0);
      return on(nodes, 'remove', replica, '-y');
    });
    expectExit(result, 0);
    expect(errors).toBe(0);
    expect(doneIn(result)).toContain(`etcd on ${replica} is stopped, its data out of the way`);
    expect(warningsOf(result).at(-1)).toMatch(
      new RegExp(`^${replica} is out of the cluster, and still in the inventory: .*members\\.json:\\d+:\\d+`),
    );
    expect(await starts(rest)).toEqual(before);
    const nothing = await on(nodes, 'remove', replica, '--no-verify');
    expectExit(nothing, 0);
    expect(linesOf(nothing, 'operation')[0]).toMatchObject({
      steps: [],
      notes: [`nothing of ${replica} is left in herd`],
    });
    expect(madeChanges(nothing)).toEqual([]);
    nodes = rest;
  });

  it('the leader’s host leaves, after another one has taken over', async () => {
    former = await leaderAmong(nodes);
    const rest = nodes.filter((name) => name !== former);
    const before = await starts(rest);
    const { result } = await during('leader leaves', () => on(nodes, 'remove', former, '-y'));
    expectExit(result, 0);
    const [operation] = linesOf(result, 'operation');
    expect(operation?.steps[0]?.what).toMatch(new RegExp(`takes the lead over from ${former}$`));
    expect(operation?.outage).toBeDefined();
    expect(await starts(rest)).toEqual(before);
    nodes = rest;
  });

  it('a killed node is replaced by one that left before', async () => {
    const leader = await leaderAmong(nodes);
    const dead = nodes.find((name) => name !== leader) ?? '';
    const rest = nodes.filter((name) => name !== dead);
    const before = await starts(rest);
    await lab.lab.kill(dead);
    const { result, errors } = await during('a dead one is replaced', () =>
      on([...nodes, former], 'replace', dead, former, '-y'),
    );
    expectExit(result, 0);
    expect(errors).toBe(0);
    expect(doneIn(result)).toContain(`etcd has taken ${dead} out`);
    expect(await starts(rest)).toEqual(before);
    nodes = [...rest, former];
  });

  it('ends as a cluster of three that has nothing to change', async () => {
    const again = await on(nodes, 'provision');
    expectExit(again, 0);
    for (const [host, { changed, roundTrips }] of Object.entries(recapOf(again)))
      expect({ host, changed, roundTrips }).toEqual({ host, changed: 0, roundTrips: 1 });
  });
});
