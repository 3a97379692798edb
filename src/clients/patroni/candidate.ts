import { faultOfCandidate, type ClusterStanding, type Standing } from './standing.ts';

// Lags within this many bytes of each other come and go with every write.
const sameLag = 1024 ** 2;

interface Preference {
  /** Preferred candidate. */
  readonly preferred?: string | undefined;
  /** To be avoided if possible: it hosts etcd's leader. */
  readonly avoided?: string | undefined;
}

/** The member to take the lead: fit for it, the preferred one if it is, least behind, and not the avoided one. */
export function chooseCandidate<M extends Standing>(
  cluster: ClusterStanding<M>,
  { preferred, avoided }: Preference = {},
): M | undefined {
  const steps = ({ lag = 0 }: Standing) => Math.floor(lag / sameLag);
  return cluster.members
    .filter((member) => member.name !== cluster.leader && !faultOfCandidate(member, cluster))
    .sort(
      (a, b) =>
        Number(b.name === preferred) - Number(a.name === preferred) ||
        steps(a) - steps(b) ||
        Number(a.name === avoided) - Number(b.name === avoided) ||
        a.name.localeCompare(b.name),
    )[0];
}

/** Why nobody can take the lead, member by member: `node2 is tagged nofailover`. */
export function faultsOfCandidates(cluster: ClusterStanding): string[] {
  return cluster.members
    .filter(({ name }) => name !== cluster.leader)
    .flatMap((member) => {
      const fault = faultOfCandidate(member, cluster);
      return fault ? [`${member.name} ${fault.message}`] : [];
    });
}

/** How a leader is restarted, and why so. */
export type LeaderRestart =
  | { readonly how: 'handover'; readonly to: string }
  | {
      readonly how: 'in-place';
      /** A limit goes down that must reach it first; there is no other member; no other may ever lead. */
      readonly because: 'limits' | 'sole member' | 'nobody may lead';
    }
  /** Others may lead, and none is fit for it now. */
  | { readonly how: 'not now'; readonly faults: readonly string[] };

/** How to restart the leader: after a switchover if possible. */
export function leaderRestartOf(
  cluster: ClusterStanding,
  goesFirst: boolean,
  preference?: Preference,
): LeaderRestart {
  if (goesFirst) return { how: 'in-place', because: 'limits' };
  const others = cluster.members.filter(({ name }) => name !== cluster.leader);
  if (others.length === 0) return { how: 'in-place', because: 'sole member' };
  if (others.every(({ nofailover }) => nofailover)) return { how: 'in-place', because: 'nobody may lead' };
  const candidate = chooseCandidate(cluster, preference);
  return candidate
    ? { how: 'handover', to: candidate.name }
    : { how: 'not now', faults: faultsOfCandidates(cluster) };
}
