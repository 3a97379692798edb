import { describe, expect, test } from 'vitest';
import {
  chooseCandidate,
  faultsOfCandidates,
  leaderRestartOf,
} from '../../../../src/clients/patroni/candidate.ts';
import type { ClusterStanding } from '../../../../src/clients/patroni/standing.ts';
import { clusterOf, replica } from './support.ts';

const MiB = 1024 ** 2;
const wide = { timing: { maximumLag: 9 * MiB } };

describe('the candidate', () => {
  test.each<[string, ClusterStanding, Parameters<typeof chooseCandidate>[1], string | undefined]>([
    ['is the first by name', clusterOf(), {}, 'n2'],
    ['is the preferred one', clusterOf(), { preferred: 'n3' }, 'n3'],
    [
      'is not the preferred one if that is not fit',
      clusterOf([replica('n2'), replica('n3', { lag: undefined })]),
      { preferred: 'n3' },
      'n2',
    ],
    ['is not the avoided one', clusterOf(), { avoided: 'n2' }, 'n3'],
    ['is the avoided one if there is no other', clusterOf([replica('n2')]), { avoided: 'n2' }, 'n2'],
    [
      'is least behind, by more than a few writes',
      clusterOf([replica('n2', { lag: 3 * MiB }), replica('n3', { lag: 2 * MiB })], wide),
      {},
      'n3',
    ],
    [
      'is not whoever is a few writes less behind',
      clusterOf([replica('n2', { lag: 800 }), replica('n3')], wide),
      {},
      'n2',
    ],
    [
      'is a synchronous standby',
      clusterOf([replica('n2'), replica('n3', { synchronous: true })], { synchronous: true }),
      {},
      'n3',
    ],
    ['is nobody tagged nofailover', clusterOf([replica('n2', { nofailover: true })]), {}, undefined],
    ['is nobody on another timeline', clusterOf([replica('n2', { timeline: 7 })]), {}, undefined],
  ])('%s', (_, cluster, wish, name) => {
    expect(chooseCandidate(cluster, wish)?.name).toBe(name);
  });

  test('is missing with a reason for each member', () => {
    const cluster = clusterOf([replica('n2', { nofailover: true }), replica('n3', { streaming: false })]);
    expect(faultsOfCandidates(cluster)).toEqual(['n2 is tagged nofailover', 'n3 does not stream from n1']);
  });
});

describe('a leader is restarted', () => {
  const nobody = clusterOf([replica('n2', { nofailover: true })]);

  test('after it has handed over', () => {
    expect(leaderRestartOf(clusterOf(), false, { preferred: 'n3' })).toEqual({ how: 'handover', to: 'n3' });
  });

  test('in its place where a limit must reach it first, it is alone, or no other may ever lead', () => {
    const because = (cluster: ClusterStanding, first: boolean) => leaderRestartOf(cluster, first);
    expect([because(clusterOf(), true), because(clusterOf([]), false), because(nobody, false)]).toEqual([
      { how: 'in-place', because: 'limits' },
      { how: 'in-place', because: 'sole member' },
      { how: 'in-place', because: 'nobody may lead' },
    ]);
  });

  test('not while those who may lead are not fit for it', () => {
    const cluster = clusterOf([replica('n2', { nofailover: true }), replica('n3', { lag: undefined })]);
    expect(leaderRestartOf(cluster, false)).toEqual({
      how: 'not now',
      faults: ['n2 is tagged nofailover', 'n3 does not report its lag'],
    });
  });
});
