import { describeAlarm } from '../../clients/etcd.ts';
import { chooseCandidate, faultsOfCandidates } from '../../clients/patroni/candidate.ts';
import { splitOf } from '../../clients/patroni/leaders.ts';
import { faultOfCandidate, type Fault } from '../../clients/patroni/standing.ts';
import type { ClusterView, EtcdMemberView, MemberView } from '../view.ts';
import type { Refusal } from './plan.ts';

/** Two leaders stop everything but what ends that. */
export function refuseSplit({ claims, paused }: ClusterView): Refusal[] {
  const split = splitOf(claims, paused);
  return split ? [split] : [];
}

/** One leader that answers. */
export function refuseWithoutLeader(view: ClusterView): Refusal[] {
  const { cluster, leader, members } = view;
  const split = refuseSplit(view);
  if (split.length > 0) return split;
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

/** PostgreSQL cannot write its last checkpoint there: it would neither stop nor go on. */
export function refuseFullDisk({ name, fullDisk }: MemberView): Refusal[] {
  if (fullDisk === undefined) return [];
  return [
    {
      message: `the disk of PostgreSQL on ${name} is full (${fullDisk}): it might not be able to stop`,
      hint: `make room there; drover failover has another member lead, whether or not it stops`,
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

/** Without writes to etcd nobody can take the lead either. */
export function refuseFullEtcd({ etcd }: ClusterView): Refusal[] {
  const full = etcd.find(({ alarms }) => alarms.includes('NOSPACE'));
  if (!full) return [];
  return [
    {
      message: `etcd on ${full.name} ${troubleOf(full) ?? ''}`,
      hint: 'docs/operations.md has the commands, under “Full disks”',
    },
  ];
}

/** What is wrong with an etcd member; undefined for a voter that works. */
export function troubleOf({ answers, follows, learner, alarms }: EtcdMemberView): string | undefined {
  if (!answers) return 'does not answer';
  if (!follows) return 'knows no leader';
  if (learner) return 'is still a learner';
  return alarms.length === 0 ? undefined : `raises ${alarms.map(describeAlarm).join(', ')}`;
}

/** What keeps a member from taking the lead; nothing for one that can. */
export function refuseCandidate(view: ClusterView, candidate: MemberView): Refusal[] {
  const fault = faultOfCandidate(candidate, view);
  return fault
    ? [{ message: `${candidate.name} ${fault.message}`, hint: hintFor(fault, candidate.name) }]
    : [];
}

function hintFor({ kind }: Fault, name: string): string {
  switch (kind) {
    case 'silent':
    case 'stopped':
      return 'choose another with --to';
    case 'nofailover':
      return 'choose another with --to, or change patroni_tags and run drover provision';
    case 'other-cluster':
      return `find out whose data it is before anything is done to ${name}`;
    case 'diverged':
      return `drover reinit ${name} deletes its data and clones the leader again`;
    case 'other-timeline':
      return `choose another with --to, or clone it again with drover reinit ${name}`;
    case 'not-streaming':
      return `wait until it does, or clone it again with drover reinit ${name}`;
    case 'lag-unknown':
      return 'drover status shows it once it is known';
    case 'lagging':
      return 'wait until it has caught up, or choose another with --to';
    case 'not-synchronous':
      return 'choose one that drover status shows as sync_standby';
  }
}

/** The member to take the lead; not where etcd’s leader is, if that can be had. */
export function successorIn(view: ClusterView, preferred?: string): MemberView | undefined {
  return chooseCandidate<MemberView>(view, { preferred, avoided: view.etcdLeader });
}

/** Why nobody can take the lead, member by member. */
export function refuseWithoutCandidate(view: ClusterView): Refusal[] {
  const reasons = faultsOfCandidates(view);
  return [
    {
      message: `no healthy candidate: ${reasons.length === 0 ? 'there is no other member' : reasons.join(', ')}`,
      hint: 'drover status shows the members; without another one a restart of the leader interrupts all writes',
    },
  ];
}
