import { surplusOf } from '../../clients/patroni/leaders.ts';
import { lostInPlace, nameSlots, noSlots, noteOfLoss } from '../logical-slots.ts';
import type { ClusterView } from '../view.ts';
import { refuseWithoutLeader, refuseWithoutQuorum } from './danger.ts';
import { memberNamed, nothingToDo, type OperationPlan } from './plan.ts';

export interface MembersPlan extends OperationPlan {
  readonly members: readonly string[];
}

/** Has members read their configuration again; all of them when none is named. */
export function planReload(view: ClusterView, names: readonly string[]): MembersPlan {
  const wanted = names.length === 0 ? view.members : names.map((name) => memberNamed(view, name));
  const silent = wanted.filter(({ answers }) => !answers);
  const members = wanted.map(({ name }) => name);
  return {
    members,
    steps: [
      {
        what: `${members.join(', ')} ${members.length === 1 ? 'reads its' : 'read their'} configuration again`,
      },
    ],
    refusals: silent.map(({ name }) => ({
      message: `${name} does not answer`,
      hint: `name the others, or look at patroni on ${name}`,
    })),
    notes: [],
  };
}

/** Turns Patroni's automatic acting off or on. */
export function planPause(view: ClusterView, pause: boolean, slots = noSlots): OperationPlan {
  if (view.paused === pause)
    return nothingToDo(`${view.cluster} is ${pause ? 'paused already' : 'not paused'}`);
  const lost = pause ? [] : lostInPlace(slots, view);
  return {
    steps: [
      {
        what: pause
          ? 'Patroni leaves PostgreSQL alone from now on: no automatic failover, no restart of what stops'
          : 'Patroni takes care of PostgreSQL again',
        ...(lost.length === 0 ? {} : { disrupts: `nothing, but loses ${nameSlots(lost)} unless in use` }),
      },
    ],
    refusals: refuseWithoutQuorum(view),
    notes: pause ? ['drover resume ends it'] : noteOfLoss(lost),
  };
}

export interface ReinitPlan extends OperationPlan {
  readonly member: string;
  readonly from: string | undefined;
}

/** Deletes a replica's data and clones the leader. */
export function planReinit(view: ClusterView, name: string): ReinitPlan {
  const { name: member, answers } = memberNamed(view, name);
  const others = view.members.filter((other) => other.name !== member && other.name !== view.leader);
  // It ends a second leader, that of the lock staying.
  const ends = surplusOf(view.claims).includes(member);
  const refusals = [
    ...(ends ? [] : refuseWithoutLeader(view)),
    ...refuseWithoutQuorum(view),
    ...(member === view.leader
      ? [{ message: `${member} leads: its data is the cluster’s`, hint: 'drover switchover first' }]
      : []),
    ...(answers ? [] : [{ message: `${member} does not answer`, hint: `look at patroni on ${member}` }]),
    ...(view.synchronous && view.strict && !others.some(({ streaming }) => streaming)
      ? [
          {
            message: 'synchronous_mode_strict is on and no other standby streams: all writes would wait',
            hint: 'bring another standby back first, or turn synchronous_mode_strict off with drover edit-config',
          },
        ]
      : []),
  ];
  return {
    member,
    from: view.leader,
    refusals,
    steps: [
      {
        what: `${member} deletes its data and copies the cluster from ${view.leader ?? 'its leader'}`,
        disrupts: ends
          ? `writes on ${member}, and gives up what only it has`
          : `sessions on ${member}, for as long as the copy takes`,
      },
    ],
    notes: others.some(({ streaming }) => streaming)
      ? []
      : ['no other replica streams: until this is done, nobody could take over'],
  };
}
