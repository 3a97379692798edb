import { expect, test } from 'vitest';
import { mayLead } from '../../../src/clients/patroni.ts';

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
