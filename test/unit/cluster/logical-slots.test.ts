import { describe, expect, test } from 'vitest';
import { isKept, isReady, type LogicalSlot } from '../../../src/clients/patroni/slots.ts';
import { readLogicalSlots, type LogicalSlots } from '../../../src/cluster/logical-slots.ts';
import { planPause } from '../../../src/cluster/operations/members.ts';
import { planRestart } from '../../../src/cluster/operations/restart.ts';
import { planFailover, planSchedule, planSwitchover } from '../../../src/cluster/operations/switchover.ts';
import { FakeCluster } from './fake-cluster.ts';
import { topology, view } from './support.ts';

const slot = (name: string, differs: Partial<LogicalSlot> = {}): LogicalSlot => ({
  name,
  database: 'app',
  plugin: 'pgoutput',
  failover: false,
  synced: false,
  ...differs,
});

/** Of the leader's two slots node2 has one. */
const slots: LogicalSlots = {
  ofLeader: [slot('cdc'), slot('sub')],
  ready: new Map([
    ['node2', new Set(['sub'])],
    ['node3', new Set(['cdc', 'sub'])],
  ]),
};
const wayOut =
  'to keep the logical slot cdc: patroni_dcs_extra: { slots: { cdc: { type: logical, database: "app", plugin: pgoutput } } }, drover provision, and wait until the replicas have them (docs/operations.md, Logical slots)';

describe('slots that a member does not have are told before it takes the lead', () => {
  const settings = new Map();
  test.each([
    ['switchover', planSwitchover(view(), topology, 'node2', slots)],
    ['failover', planFailover(view(), topology, 'node2', slots)],
    ['restart', planRestart(view(), topology, { names: ['node1'], to: 'node2', settings, slots })],
  ])('%s', (_, { steps, notes }) => {
    expect(steps[0]?.disrupts).toBe('writes and open sessions, and loses the logical slot cdc');
    expect(notes).toContain(wayOut);
  });

  test('a switchover for later asks then, where any of the members lacks one', () => {
    const at = new Date('2030-01-01T10:00:00Z');
    expect(planSchedule(view(), at, undefined, slots)).toMatchObject({
      notes: [wayOut],
      steps: [{ disrupts: 'writes then, and loses the logical slot cdc' }],
    });
    expect(planSchedule(view(), at, 'node3', slots).steps[0]).not.toHaveProperty('disrupts');
  });

  test('one who has them all loses none', () => {
    const plan = planSwitchover(view(), topology, 'node3', slots);
    expect(plan.steps[0]?.disrupts).toBe('writes and open sessions');
    expect(plan.notes).toEqual([]);
  });
});

test('the end of a pause has Patroni drop what it does not know', () => {
  const config = { slots: { sub: { type: 'logical', database: 'app', plugin: 'pgoutput' } } };
  const paused = view({ paused: true, config });
  expect(planPause(paused, false, slots)).toMatchObject({
    notes: [wayOut],
    steps: [{ disrupts: 'nothing, but loses the logical slot cdc unless in use' }],
  });
  expect(planPause(view(), true, slots).steps[0]).not.toHaveProperty('disrupts');
});

test.each([
  ['one that nobody named', slot('cdc'), {}, '4.0.7', false],
  [
    'a permanent one',
    slot('cdc'),
    { slots: { cdc: { type: 'logical', database: 'app', plugin: 'pgoutput' } } },
    '3.0.2',
    true,
  ],
  ['one that is taken out, or physical', slot('cdc'), { slots: { cdc: null } }, '3.0.2', false],
  [
    'one of another database',
    slot('cdc'),
    { slots: { cdc: { type: 'logical', database: 'other', plugin: 'pgoutput' } } },
    '3.0.2',
    false,
  ],
  [
    'an ignored one',
    slot('cdc'),
    { ignore_slots: [{ name: 'x' }, { database: 'app', type: 'logical' }] },
    '3.0.2',
    true,
  ],
  ['a failover slot', slot('cdc', { failover: true }), {}, '4.0.5', true],
  ['a failover slot, to a Patroni that knows none', slot('cdc', { failover: true }), {}, '4.0.4', false],
])('what Patroni leaves where it is: %s', (_, one, config, version, kept) => {
  expect(isKept(one, config, version)).toBe(kept);
});

test('a former primary’s own failover slot is of no use to it', () => {
  expect(isReady(slot('cdc', { failover: true }))).toBe(false);
  expect(isReady(slot('cdc', { failover: true, synced: true }))).toBe(true);
});

test('the others are asked only where the leader has slots', async () => {
  const cluster = new FakeCluster();
  const asked: string[] = [];
  let ofLeader: LogicalSlot[] = [];
  cluster.rows = (host) => {
    asked.push(host);
    return { answered: true, rows: host === 'node1' ? ofLeader : [slot('a', { failover: true })] };
  };
  expect(await readLogicalSlots(cluster.control, view())).toEqual({ ofLeader: [], ready: new Map() });
  expect(asked).toEqual(['node1']);
  ofLeader = [slot('a')];
  const none = new Set<string>();
  expect(await readLogicalSlots(cluster.control, view())).toEqual({
    ofLeader,
    ready: new Map([
      ['node2', none],
      ['node3', none],
    ]),
  });
});
