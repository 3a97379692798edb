import { afterAll, beforeAll, expect, it } from 'vitest';
import { drover, expectExit, leaderOf, linesOf, TestLab, threeFastNodes, type Outcome } from './harness.ts';

const lab = new TestLab();
const nodes = ['node1', 'node2', 'node3'];
const on = (...args: string[]) => drover(...args, '-i', lab.inventory, '--json');
const leader = () => leaderOf(lab.inventory);
const logical = { postgres_parameters: { wal_level: 'logical' } };
const permanent = { cdc: { type: 'logical', database: 'postgres', plugin: 'test_decoding' } };

/** As nobody reads it: Patroni may drop it. */
const makeSlot = async (name: string) =>
  lab.query(
    await leader(),
    `SELECT FROM pg_create_logical_replication_slot('${name}', 'test_decoding') WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '${name}')`,
  );
const slotsOn = (node: string) =>
  lab.query(node, "SELECT slot_name FROM pg_replication_slots WHERE slot_type = 'logical' ORDER BY 1");
const disruptionsIn = (plan: Outcome) =>
  linesOf(plan, 'plan').flatMap(({ changes }) => changes.flatMap(({ disrupts }) => disrupts ?? []));

beforeAll(async () => {
  await lab.upHealthy(threeFastNodes());
  lab.set(logical);
  expectExit(await on('provision', '-y', '--no-verify'), 0);
});
afterAll(() => lab.down());

it('what moves the lead, or restarts the leader, names the slots that are lost, and asks', async () => {
  await makeSlot('cdc');
  const former = await leader();
  const says =
    /loses the logical slot cdc[^]*to keep the logical slot cdc: patroni_dcs_extra: \{ slots: \{ cdc: /;
  for (const args of [['switchover'], ['failover'], ['restart', former], ['remove', former]]) {
    const asked = await on(...args);
    expectExit(asked, 64);
    expect(asked.stdout + asked.stderr, args.join(' ')).toMatch(says);
  }
  lab.set({ postgres_parameters: { wal_level: 'logical', max_connections: 120 } });
  const plan = await on('plan');
  expectExit(plan, 2);
  expect(disruptionsIn(plan).join('\n')).toMatch(/loses the logical slots cdc/);
  expect(await slotsOn(former)).toBe('cdc');
});

it('permanent ones go along: a switchover asks for nothing more, and what is read on from it is whole', async () => {
  await makeSlot('cdc');
  lab.set({ ...logical, patroni_dcs_extra: { slots: permanent } });
  const plan = await on('plan');
  expectExit(plan, 2);
  expect(disruptionsIn(plan)).toEqual([]);
  expectExit(await on('provision', '-y', '--no-verify'), 0);
  // The replicas copy them, for which up to 15 they are restarted, and follow again.
  for (const node of nodes) await expect.poll(() => slotsOn(node), { timeout: 90_000 }).toBe('cdc');
  await expect.poll(async () => (await on('status')).exitCode, { timeout: 90_000 }).toBe(0);

  await lab.query(await leader(), 'CREATE TABLE before AS SELECT 41 AS x');
  const moved = await on('switchover', '-y');
  expectExit(moved, 0);
  expect(
    linesOf(moved, 'operation').flatMap(({ steps }) => steps.flatMap(({ disrupts }) => disrupts ?? [])),
  ).toEqual(['writes and open sessions']);
  const now = await leader();
  await lab.query(now, 'CREATE TABLE after AS SELECT 42 AS x');
  const read = await lab.query(now, "SELECT data FROM pg_logical_slot_get_changes('cdc', NULL, NULL)");
  expect(read).toMatch(
    /table public\.before: INSERT: x\[integer\]:41[^]*table public\.after: INSERT: x\[integer\]:42/,
  );
});

it('a change of the list names those that it does not have, and asks', async () => {
  await makeSlot('other');
  const now = await leader();
  const more = { ...permanent, more: permanent.cdc };
  lab.set({ ...logical, patroni_dcs_extra: { slots: more } });
  const asked = await on('provision', '--no-verify');
  expectExit(asked, 64);
  expect(asked.stdout + asked.stderr).toMatch(/readers of the logical slots other, which Patroni may drop/);
  const edited = await on('edit-config', '-s', `slots=${JSON.stringify(more)}`);
  expectExit(edited, 64);
  expect(edited.stdout + edited.stderr).toMatch(/the logical slot other may be lost/);
  expect(await slotsOn(now)).toBe('cdc\nother');

  // What is asked about is what happens.
  expectExit(await on('provision', '-y', '--no-verify'), 0);
  await expect.poll(() => slotsOn(now), { timeout: 90_000 }).toBe('cdc\nmore');
});
