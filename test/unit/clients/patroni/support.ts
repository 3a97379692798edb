import type { ClusterStanding, Standing } from '../../../../src/clients/patroni/standing.ts';

/** A replica that is fit to take the lead. */
export function replica(name: string, differs: Partial<Standing> = {}): Standing {
  return {
    name,
    answers: true,
    running: true,
    streaming: true,
    synchronous: false,
    lag: 0,
    timeline: 1,
    nofailover: false,
    nosync: false,
    past: undefined,
    ...differs,
  };
}

/** A healthy cluster, led by n1, with the given replicas. */
export function clusterOf(
  replicas: readonly Standing[] = [replica('n2'), replica('n3')],
  differs: Partial<ClusterStanding> = {},
): ClusterStanding {
  return {
    members: [replica('n1', { streaming: false, lag: undefined }), ...replicas],
    leader: 'n1',
    paused: false,
    scheduled: undefined,
    synchronous: false,
    strict: false,
    timing: { maximumLag: 1024 ** 2 },
    past: undefined,
    ...differs,
  };
}
