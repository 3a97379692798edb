import { describe, expect, test } from 'vitest';
import { patroni } from '../../../../src/components/patroni/index.ts';
import { haproxy } from '../../../../src/components/haproxy/index.ts';
import { AskedCluster, judges } from '../asked-cluster.ts';

describe('the gate', () => {
  judges(haproxy, 'p2', [
    ['both know a primary', () => undefined, undefined, undefined],
    [
      'the other knows none',
      ({ primaries }) => (primaries['p1'] = 0),
      'no other entry is well (HAProxy on p1 sees 0 primaries)',
      undefined,
    ],
    [
      'the other does not answer',
      ({ primaries }) => (primaries['p1'] = null),
      'no other entry is well (HAProxy on p1 does not answer)',
      undefined,
    ],
    [
      'the other’s host is lost',
      ({ lost }) => lost.add('p1'),
      'no other entry is well (HAProxy on p1 does not answer)',
      undefined,
    ],
    [
      'it sends writes to two',
      ({ primaries }) => (primaries['p2'] = 2),
      undefined,
      'HAProxy on p2 sees 2 primaries',
    ],
    ['its host is away', ({ away }) => away.add('p2'), undefined, 'HAProxy on p2 does not answer'],
    [
      'there is no other',
      (cluster) => {
        const { hosts } = cluster.topology.of(haproxy);
        cluster.topology = cluster.topology.with(haproxy, { hosts: hosts.slice(1) });
        cluster.primaries['p2'] = 0;
      },
      undefined,
      'HAProxy on p2 sees 0 primaries',
    ],
    [
      'there is nothing behind it',
      (cluster) => {
        cluster.topology = cluster.topology.with(patroni, { hosts: [] });
        cluster.primaries = {};
      },
      undefined,
      undefined,
    ],
  ]);

  test('a host without HAProxy lacks nothing', async () => {
    expect(await haproxy.gate?.missing(new AskedCluster().look(haproxy), 'n1')).toBeUndefined();
  });
});
