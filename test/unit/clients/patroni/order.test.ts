import { describe, expect, test } from 'vitest';
import {
  areMixed,
  changedLimits,
  leadersLimits,
  needsReplay,
  restartOrder,
} from '../../../../src/clients/patroni/order.ts';
import { settings } from '../../cluster/support.ts';

const none = { up: [], down: [] };
const down = { up: [], down: ['max_connections'] };
const up = { up: ['max_connections'], down: [] };

describe('the order of restarts', () => {
  const cluster = { leader: 'n1', members: ['n1', 'n2', 'n3'] };

  test('is the leader last, and before the replicas where a limit goes down', () => {
    expect(restartOrder(['n1', 'n2', 'n3'], cluster, false)).toEqual(['n2', 'n3', 'n1']);
    expect(restartOrder(['n3', 'n2', 'n1'], cluster, true)).toEqual(['n1', 'n3', 'n2']);
  });

  test('is the given one where the leader is not among them', () => {
    expect(restartOrder(['n3', 'n2'], cluster, true)).toEqual(['n3', 'n2']);
  });

  test('is those who are to join after the leader', () => {
    expect(restartOrder(['n4', 'n1', 'n2'], cluster, false)).toEqual(['n2', 'n1', 'n4']);
    expect(restartOrder(['n4', 'n1', 'n2'], cluster, true)).toEqual(['n1', 'n2', 'n4']);
  });
});

describe('limits that standbys share', () => {
  test('change where the server runs with others', () => {
    const running = settings({ max_connections: 150, max_wal_senders: 10 });
    expect(changedLimits(running, { max_connections: 100, max_wal_senders: 20 })).toEqual({
      up: ['max_wal_senders'],
      down: ['max_connections'],
    });
    expect(changedLimits(running, { max_connections: 150 })).toEqual(none);
  });

  test('are mixed when some go up and some down: no order suits both', () => {
    expect([none, up, down, { up: ['a'], down: ['b'] }].map(areMixed)).toEqual([false, false, false, true]);
  });

  test('are the leader’s, and where it does not say, any other’s', () => {
    expect(leadersLimits(up, [down])).toEqual(up);
    expect(leadersLimits(undefined, [undefined, none, down, down])).toEqual(down);
    expect(leadersLimits(undefined, [undefined])).toEqual(none);
  });

  test('have a replica replay first where its own go down, whoever has restarted the leader', () => {
    expect([down, up, none, undefined].map(needsReplay)).toEqual([true, false, false, false]);
  });
});
