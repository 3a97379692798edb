import { describe, expect, test } from 'vitest';
import { faultsAfter, type SeenCluster } from '../seen-cluster.ts';

describe('the probes show', () => {
  test.each<[string, (cluster: SeenCluster) => void, string[]]>([
    [
      'an HAProxy that sends writes to two',
      (cluster) => {
        const two = cluster
          .of('haproxy', 'proxy')
          .servers.find(({ proxy, server }) => proxy === 'primary' && server === 'n2');
        Object.assign(two ?? {}, { status: 'UP 1/2' });
      },
      ['fail HAProxy writes (proxy): up: n1, n2'],
    ],
    [
      'an HAProxy that takes a node for up whose Patroni does not answer',
      (cluster) => Object.assign(cluster.of('patroni', 'n3'), { member: undefined }),
      [
        'fail Patroni (n3): does not answer',
        'fail HAProxy reads (proxy): up: n2, n3, without an answer from n3',
      ],
    ],
    [
      'an HAProxy that takes a lost leader for up',
      (cluster) => Object.assign(cluster.of('patroni', 'n1'), { member: undefined, leader: undefined }),
      [
        'fail leader (demo): 0 leaders',
        'fail Patroni (n1): does not answer',
        'warn history (demo): not known of demo',
        'fail HAProxy (proxy): writes up: n1, without an answer from n1; reads up: n2, n3',
      ],
    ],
    [
      'an HAProxy that does not answer',
      (cluster) => Object.assign(cluster.of('haproxy', 'proxy'), { servers: [], problem: 'no socket' }),
      ['fail HAProxy (proxy): no socket'],
    ],
  ])('%s', (_, spoil, faults) => {
    expect(faultsAfter(spoil)).toEqual(faults);
  });
});
