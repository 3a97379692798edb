import { expect, test } from 'vitest';
import { keepsSlotsOfGone, mayLead, orphanedSlots, slotNameOf } from '../../../../src/clients/patroni/api.ts';

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
  ['db+1', 'dbu00431'],
  ['db🐘', 'dbu128024'],
  ['n'.repeat(70), 'n'.repeat(63)],
  [`${'n'.repeat(60)}+1`, `${'n'.repeat(60)}u00`],
])('the slot of %s is %s, as Patroni names it', (member, slot) => {
  expect(slotNameOf(member)).toBe(slot);
});

test('a slot is orphaned when no member’s name becomes it', () => {
  expect(orphanedSlots(['dbu00431', 'db_1', 'n1', 'n2'], ['db+1', 'db-1', 'N1'])).toEqual(['n2']);
});

test.each([
  ['3.3.2', {}, false],
  ['4.0.7', {}, true],
  ['4.0.7', { member_slots_ttl: 0 }, false],
  ['4.1.0', { member_slots_ttl: '30min' }, true],
  [undefined, undefined, false],
])('Patroni %s with %j keeps the slot of a member that left: %s', (version, config, keeps) => {
  expect(keepsSlotsOfGone(version, config)).toBe(keeps);
});
