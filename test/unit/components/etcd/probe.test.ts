import { describe, expect, test } from 'vitest';
import { faultsAfter, names, type SeenCluster } from '../seen-cluster.ts';
import { diskWith } from '../support.ts';

describe('the probes show', () => {
  test.each<[string, (cluster: SeenCluster) => void, string[]]>([
    [
      'an etcd member that is silent',
      (cluster) =>
        Object.assign(cluster.of('etcd', 'n3'), { status: undefined, view: undefined, alarms: undefined }),
      ['fail etcd member (n3): does not answer'],
    ],
    [
      'an etcd that raised an alarm',
      (cluster) => (cluster.of('etcd', 'n1').alarms = [{ memberId: '1', alarm: 'NOSPACE' }]),
      [
        'fail etcd member (n1): 3.4.23, NOSPACE: its quota is full and it takes no writes, so nobody can take the lead: compact, defragment, disarm (docs/operations.md)',
      ],
    ],
    [
      'an etcd that does not tell its alarms',
      (cluster) => (cluster.of('etcd', 'n1').alarms = undefined),
      ['fail etcd member (n1): 3.4.23, alarms not known'],
    ],
    [
      'a disk that fills up under etcd',
      (cluster) => (cluster.of('etcd', 'n1').disks = [diskWith(7)]),
      ['warn disk of etcd (n1): 7.0 % (70.0 MiB)'],
    ],
    [
      'a learner',
      (cluster) => {
        const view = cluster.of('etcd', 'n1').view;
        if (view) Object.assign(view.members[2] ?? {}, { isLearner: true });
      },
      ['fail etcd membership (demo): 2 voters, 1 other'],
    ],
    [
      'two etcd leaders',
      (cluster) => Object.assign(cluster.of('etcd', 'n3').status ?? {}, { leaderId: '3', term: '8' }),
      ['fail etcd leader (n2): 2 leaders, 2 terms'],
    ],
    [
      'no etcd leader',
      (cluster) =>
        names.forEach((name) => Object.assign(cluster.of('etcd', name).status ?? {}, { leaderId: '0' })),
      ['fail etcd leader (demo): 0 leaders, 1 term, none known to n1, n2, n3'],
    ],
    [
      'an etcd that fills up',
      (cluster) => {
        Object.assign(cluster.of('etcd', 'n1').status ?? {}, { size: 60 * 1024 ** 2 });
        Object.assign(cluster.of('etcd', 'n2').status ?? {}, { size: 90 * 1024 ** 2 });
      },
      ['warn etcd size (n1): 60 % of 100 MiB', 'fail etcd size (n2): 90 % of 100 MiB'],
    ],
    [
      'both leaders on one host',
      (cluster) =>
        names.forEach((name) => Object.assign(cluster.of('etcd', name).status ?? {}, { leaderId: '1' })),
      ['warn etcd leader’s host (n1): n1: a failover takes a time to live longer'],
    ],
  ])('%s', (_, spoil, faults) => {
    expect(faultsAfter(spoil)).toEqual(faults);
  });
});
