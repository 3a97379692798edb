import { expect, test } from 'vitest';
import { mayLead, slotNameOf } from '../../../src/clients/patroni.ts';

test.each([
  [undefined, true],
  [{}, true],
  [{ nofailover: false, noloadbalance: true }, true],
  [{ nofailover: true }, false],
  [{ nofailover: true, failover_priority: 2 }, false],
  [{ failover_priority: 0 }, false],
  [{ failover_priority: 1 }, true],
])('a member with tags %j may lead: %j', (tags, may) => {
  expect(mayLead(tags)).toBe(may);
});

test.each([
  ['node1', 'node1'],
  ['DB-1.example.com', 'db_1_example_com'],
  ['straße', 'strau0223e'],
  ['n'.repeat(70), 'n'.repeat(63)],
])('the slot of %s is %s, as Patroni names it', (member, slot) => {
  expect(slotNameOf(member)).toBe(slot);
});
