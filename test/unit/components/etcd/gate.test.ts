import { describe, expect, test } from 'vitest';
import { etcd } from '../../../../src/components/etcd/index.ts';
import { AskedCluster, judges } from '../asked-cluster.ts';

describe('the gate', () => {
  judges(etcd, 'n2', [
    ['all are healthy', () => undefined, undefined, undefined],
    [
      'another is not healthy',
      ({ etcd }) => (etcd['n3'] = false),
      'the etcd member n3 is not healthy',
      undefined,
    ],
    ['another is silent', ({ etcd }) => (etcd['n1'] = null), 'the etcd member n1 is not healthy', undefined],
    [
      'both others are away',
      ({ away, lost }) => [away.add('n1'), lost.add('n3')],
      'the etcd member n1, n3 is not healthy',
      undefined,
    ],
    ['it is sick itself', ({ etcd }) => (etcd['n2'] = false), undefined, 'etcd on n2 is not healthy'],
    [
      'the other has not joined yet',
      (cluster) => Object.assign(cluster, { etcd: { n1: true, n2: true, n3: null }, listed: ['n1', 'n2'] }),
      undefined,
      undefined,
    ],
    [
      'there is no cluster yet',
      (cluster) => (cluster.etcd = { n1: null, n2: null, n3: null }),
      undefined,
      'etcd on n2 is not healthy',
    ],
  ]);

  test('a host without etcd lacks nothing', async () => {
    expect(await etcd.gate?.missing(new AskedCluster().look(etcd), 'p1')).toBeUndefined();
  });
});
