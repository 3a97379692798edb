import { outageOfHandover } from '../timing.ts';
import type { Topology } from '../topology.ts';
import { lostTo, noSlots, noteOfLoss, withLoss, type LogicalSlots } from '../logical-slots.ts';
import type { ClusterView, MemberView } from '../view.ts';
import {
  successorIn,
  refuseCandidate,
  refuseFullDisk,
  refuseFullEtcd,
  refusePaused,
  refuseSplit,
  refuseWeakEtcd,
  refuseWithoutCandidate,
  refuseWithoutLeader,
  refuseWithoutQuorum,
} from './danger.ts';
import { memberNamed, nothingToDo, type OperationPlan, type Refusal } from './plan.ts';

/** Seconds for the last checkpoint of a leader on a full disk, which may never be written. */
export const stopWithin = 5;

export interface HandoverPlan extends OperationPlan {
  /** Who leads now; undefined when nobody does. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** The leader's disk is full: it may hang as it stops, and is then killed. */
  readonly mayHang?: boolean;
}

/** A planned change of the leader: only from a healthy cluster. */
export function planSwitchover(
  view: ClusterView,
  topology: Topology,
  to?: string,
  slots = noSlots,
): HandoverPlan {
  const wanted = to === undefined ? undefined : memberNamed(view, to);
  const { leader: from } = view;
  if (wanted && wanted.name === from) return { ...nothingToDo(`${from} leads already`), from, to };
  const candidate = wanted ?? successorIn(view);
  const refusals = [
    ...refuseWithoutLeader(view),
    ...refusePaused(view),
    ...refuseWeakEtcd(view),
    ...refuseScheduled(view),
    ...view.members.filter(({ name }) => name === from).flatMap(refuseFullDisk),
    ...refuseNoOrUnfit(view, candidate),
  ];
  return handover(view, topology, candidate, { refusals, slots });
}

/** A change of the leader with or without one: what keeps it from ending well is refused. */
export function planFailover(
  view: ClusterView,
  topology: Topology,
  to?: string,
  slots = noSlots,
): HandoverPlan {
  const wanted = to === undefined ? undefined : memberNamed(view, to);
  const { leader: from, leaders } = view;
  if (wanted && leaders.includes(wanted.name))
    return { ...nothingToDo(`${wanted.name} leads already`), from, to };
  // From one whose PostgreSQL does not run, as on a full disk, nobody streams any more.
  const leading = view.members.find(({ name }) => name === from);
  const runs = leading?.running === true;
  const standing = runs ? view : { ...view, leader: undefined };
  const candidate = wanted ?? successorIn(standing);
  const refusals = [
    ...refuseSplit(view),
    ...refuseWithoutQuorum(view),
    ...refuseFullEtcd(view),
    ...refuseNoOrUnfit(standing, candidate),
  ];
  const plan = handover(view, topology, candidate, { refusals, slots });
  const notes = [
    ...plan.notes,
    ...(view.paused ? [`${view.cluster} is paused: the members keep their roles after this`] : []),
    ...(view.scheduled
      ? [`the switchover scheduled for ${view.scheduled.at} is dropped: this takes its place`]
      : []),
  ];
  if (leading?.fullDisk === undefined) return { ...plan, notes };
  const [takes, ...others] = plan.steps;
  const killed = {
    what: `PostgreSQL on ${leading.name} is killed if it has not stopped within ${stopWithin} s: its disk is full`,
    disrupts: `nothing more, but gives up rows that only ${leading.name} has`,
  };
  notes.push(`${leading.name} has ${leading.fullDisk}: it follows once there is room`);
  return { ...plan, notes, mayHang: true, steps: [...(takes ? [takes] : []), killed, ...others] };
}

function refuseNoOrUnfit(view: ClusterView, candidate: MemberView | undefined): Refusal[] {
  return candidate ? refuseCandidate(view, candidate) : refuseWithoutCandidate(view);
}

/** Patroni knows one order at a time. */
export function refuseScheduled({ scheduled }: ClusterView): Refusal[] {
  if (!scheduled) return [];
  return [
    {
      message: `a switchover is scheduled for ${scheduled.at}`,
      hint: 'drover switchover --cancel takes it back',
    },
  ];
}

function handover(
  view: ClusterView,
  topology: Topology,
  candidate: MemberView | undefined,
  { refusals, slots }: { readonly refusals: readonly Refusal[]; readonly slots: LogicalSlots },
): HandoverPlan {
  const from = view.leader;
  const to = candidate?.name;
  const outage = outageOfHandover(topology);
  const lost = lostTo(slots, to);
  const others = view.members
    .filter(({ name, fullDisk }) => name !== to && fullDisk === undefined)
    .map(({ name }) => name);
  return {
    from,
    to,
    refusals,
    outage,
    notes: noteOfLoss(lost),
    steps: [
      {
        what:
          from === undefined
            ? `${to ?? 'nobody'} takes the lead`
            : `${to ?? 'nobody'} takes the lead over from ${from}`,
        disrupts:
          from === undefined
            ? 'nothing more, but gives up rows that only the former leader has'
            : withLoss('writes and open sessions', lost),
      },
      ...(others.length === 0
        ? []
        : [{ what: `${others.join(', ')} ${others.length === 1 ? 'follows' : 'follow'} it` }]),
    ],
  };
}

/** A switchover that Patroni is to make later: its own checks decide then. */
export function planSchedule(view: ClusterView, at: Date, to?: string, slots = noSlots): HandoverPlan {
  const wanted = to === undefined ? undefined : memberNamed(view, to);
  const { leader: from } = view;
  if (wanted && wanted.name === from) return { ...nothingToDo(`${from} leads already`), from, to };
  const lost = lostTo(slots, to);
  return {
    from,
    to,
    refusals: [
      ...refuseWithoutLeader(view),
      ...refusePaused(view),
      ...refuseWeakEtcd(view),
      ...refuseScheduled(view),
      ...view.members.filter(({ name }) => name === from).flatMap(refuseFullDisk),
      ...refuseNoOrUnfit(view, wanted ?? successorIn(view)),
    ],
    notes: noteOfLoss(lost),
    steps: [
      {
        what: `Patroni is told to switch over${to === undefined ? '' : ` to ${to}`} at ${at.toISOString()}`,
        ...(lost.length === 0 ? {} : { disrupts: withLoss('writes then', lost) }),
      },
    ],
  };
}

/** Takes a scheduled switchover back. */
export function planCancel(view: ClusterView): OperationPlan {
  const { scheduled } = view;
  if (!scheduled) return nothingToDo('no switchover is scheduled');
  return {
    steps: [{ what: `the switchover scheduled for ${scheduled.at} is taken back` }],
    refusals: refuseWithoutQuorum(view),
    notes: [],
  };
}
