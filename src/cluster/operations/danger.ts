import type { ClusterView, EtcdMemberView, MemberView } from '../view.ts';
import type { Refusal } from './plan.ts';

/** One leader that answers. */
export function refuseWithoutLeader({ cluster, leader, leaders, members }: ClusterView): Refusal[] {
  if (leaders.length > 1) {
    return [
      {
        message: `${leaders.join(' and ')} both say that they lead`,
        hint: 'drover verify shows more; do not touch the cluster before one of them has stepped down',
      },
    ];
  }
  if (leader === undefined) {
    return [
      {
        message: `${cluster} has no leader`,
        hint: 'drover status shows its members; drover failover --to NODE makes one of them lead',
      },
    ];
  }
  if (members.some(({ name, answers }) => name === leader && answers)) return [];
  return [
    {
      message: `the leader, ${leader}, does not answer`,
      hint: `look at patroni on ${leader}: drover status`,
    },
  ];
}

export function refusePaused({ cluster, paused }: ClusterView): Refusal[] {
  return paused ? [{ message: `${cluster} is paused`, hint: 'drover resume ends that' }] : [];
}

/** Every member of etcd there: what is planned can wait until it is. */
export function refuseWeakEtcd(view: ClusterView): Refusal[] {
  const ill = view.etcd.flatMap((member) => {
    const trouble = troubleOf(member);
    return trouble === undefined ? [] : [`etcd on ${member.name} ${trouble}`];
  });
  if (ill.length === 0) return refuseWithoutQuorum(view);
  return [
    {
      message: ill.join(', '),
      hint: 'drover verify shows more; drover provision starts what is stopped; one more lost member could stop all writes',
    },
  ];
}

/** A majority of etcd: without one nobody can take the lead. */
export function refuseWithoutQuorum({ etcd, etcdLeader, listed }: ClusterView): Refusal[] {
  // The inventory may name hosts that are no members yet, or no more.
  const voters = listed.etcd.filter(({ isLearner }) => !isLearner);
  const there = voters.filter((voter) =>
    etcd.some(({ name, follows }) => name === voter.name && follows),
  ).length;
  if (there * 2 > voters.length && etcdLeader !== undefined) return [];
  return [
    {
      message: `etcd has no majority: ${there} of ${voters.length || etcd.length} members know a leader`,
      hint: 'bring its members back first: no member can take the lead without it',
    },
  ];
}

/** What is wrong with an etcd member; undefined for a voter that works. */
export function troubleOf({ answers, follows, learner, alarms }: EtcdMemberView): string | undefined {
  if (!answers) return 'does not answer';
  if (!follows) return 'knows no leader';
  if (learner) return 'is still a learner';
  return alarms.length === 0 ? undefined : `raises the alarm ${alarms.join(', ')}`;
}

/** What keeps a member from taking the lead; nothing for one that can. */
export function refuseCandidate(view: ClusterView, candidate: MemberView): Refusal[] {
  const { name, lag } = candidate;
  const { maximumLag } = view.timing;
  const refusal = (message: string, hint: string): Refusal[] => [{ message: `${name} ${message}`, hint }];
  if (!candidate.answers) return refusal('does not answer', 'choose another with --to');
  if (!candidate.running) return refusal('does not run PostgreSQL', 'choose another with --to');
  if (candidate.nofailover) {
    return refusal(
      'is tagged nofailover',
      'choose another with --to, or change patroni_tags and run drover provision',
    );
  }
  // Without a leader nobody streams.
  if (view.leader !== undefined && !candidate.streaming) {
    return refusal(
      `does not stream from ${view.leader}`,
      `wait until it does, or clone it again with drover reinit ${name}`,
    );
  }
  if (lag === undefined)
    return refusal('does not tell how far behind it is', 'drover status shows it once it is known');
  if (lag > maximumLag) {
    return refusal(
      `lags by ${showBytes(lag)}, more than maximum_lag_on_failover (${showBytes(maximumLag)})`,
      'wait until it has caught up, or choose another with --to',
    );
  }
  if (view.synchronous && !candidate.synchronous) {
    return refusal(
      'is no synchronous standby: it may lack rows that were acknowledged',
      'choose one that drover status shows as sync_standby',
    );
  }
  return [];
}

export function showBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

// Lags within this many bytes of each other come and go with every write.
const sameLag = 1024 ** 2;

/**
 * The member to take the lead: fit for it, the preferred one if it is, least behind, and not where etcd's leader is
 * if that can be had.
 */
export function chooseCandidate(view: ClusterView, preferred?: string): MemberView | undefined {
  const { etcdLeader } = view;
  const steps = ({ lag = 0 }: MemberView) => Math.floor(lag / sameLag);
  return view.members
    .filter((member) => member.name !== view.leader && refuseCandidate(view, member).length === 0)
    .sort(
      (a, b) =>
        Number(b.name === preferred) - Number(a.name === preferred) ||
        steps(a) - steps(b) ||
        Number(a.name === etcdLeader) - Number(b.name === etcdLeader) ||
        a.name.localeCompare(b.name),
    )[0];
}

/** Why nobody can take the lead, member by member. */
export function refuseWithoutCandidate(view: ClusterView): Refusal[] {
  const reasons = view.members
    .filter(({ name }) => name !== view.leader)
    .flatMap((member) => refuseCandidate(view, member).map(({ message }) => message));
  return [
    {
      message: `no healthy candidate: ${reasons.length === 0 ? 'there is no other member' : reasons.join(', ')}`,
      hint: 'drover status shows the members; without another one a restart of the leader interrupts all writes',
    },
  ];
}
