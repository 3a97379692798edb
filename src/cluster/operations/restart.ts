import { leaderRestartOf } from '../../clients/patroni/candidate.ts';
import {
  areMixed,
  changedLimits,
  leadersLimits,
  needsReplay,
  type ChangedLimits,
} from '../../clients/patroni/order.ts';
import { faultOf, lacksStandby, stopsStrictWrites, type Fault } from '../../clients/patroni/standing.ts';
import type { LogicalSlot } from '../../clients/patroni/slots.ts';
import type { PgSettings } from '../../clients/pg-settings.ts';
import { showBytes } from '../../core/text.ts';
import { lostInPlace, lostTo, noSlots, noteOfLoss, withLoss, type LogicalSlots } from '../logical-slots.ts';
import { outageInPlace, outageOfHandover, type Outage } from '../timing.ts';
import type { Topology } from '../topology.ts';
import type { ClusterView, MemberView } from '../view.ts';
import {
  refuseFullDisk,
  refusePaused,
  refuseWeakEtcd,
  refuseWithoutCandidate,
  refuseWithoutLeader,
} from './danger.ts';
import { memberNamed, nothingToDo, type OperationPlan, type PlannedStep, type Refusal } from './plan.ts';
import { refuseScheduled } from './switchover.ts';

/** How the leader is restarted. */
type LeaderRestart = { readonly how: 'handover'; readonly to: string } | { readonly how: 'in-place' };

export interface RestartPlan extends OperationPlan {
  readonly replicas: readonly string[];
  readonly leader: (LeaderRestart & { readonly name: string }) | undefined;
  /** The leader before the replicas. */
  readonly leaderFirst: boolean;
  /** A limit goes down: the replicas have to have learned of it from the leader before they are restarted. */
  readonly replaysFirst: boolean;
  /** Only who waits for a restart; named members are restarted in any case. */
  readonly onlyPending: boolean;
}

/** What is asked for, and what the members run with. */
export interface RestartRequest {
  /** None for all that wait for a restart. */
  readonly names: readonly string[];
  /** The shared limits as they are in force on members that say so. */
  readonly settings: ReadonlyMap<string, PgSettings | undefined>;
  readonly slots?: LogicalSlots | undefined;
  /** Who is to lead if the leader is among them. */
  readonly to?: string | undefined;
}

/** The parameters of PostgreSQL that a configuration of the DCS sets. */
export function parametersOf(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const postgresql = config['postgresql'] as { parameters?: Record<string, unknown> } | null | undefined;
  return postgresql?.parameters ?? {};
}

/**
 * Restarts one after the other: replicas first, then the leader by a switchover. When a limit that standbys share
 * goes down it is the leader first, where it is: a standby with less than its primary does not start.
 */
export function planRestart(
  view: ClusterView,
  topology: Topology,
  { names, settings, slots = noSlots, to }: RestartRequest,
): RestartPlan {
  const onlyPending = names.length === 0;
  const named = new Set(names.map((name) => memberNamed(view, name).name));
  const targets = view.members.filter(({ name, pendingRestart }) =>
    onlyPending ? pendingRestart : named.has(name),
  );
  const nobody = { replicas: [], leader: undefined, leaderFirst: false, replaysFirst: false, onlyPending };
  const unhealthy = [
    ...refuseWithoutLeader(view),
    ...refusePaused(view),
    ...refuseWeakEtcd(view),
    ...refuseScheduled(view),
  ];
  if (targets.length === 0) {
    const refusals = unhealthy.length > 0 && view.leader === undefined ? unhealthy : [];
    return { ...nothingToDo('nobody waits for a restart'), ...nobody, refusals };
  }
  const leads = targets.some(({ name }) => name === view.leader);
  const parameters = parametersOf(view.config ?? {});
  const limitsOf = (name: string) => {
    const running = settings.get(name);
    return running && changedLimits(running, parameters);
  };
  const limits = leads ? limitsIn(view, limitsOf) : { up: [], down: [] };
  const leaderFirst = limits.down.length > 0;
  const leader = leads && view.leader !== undefined ? leaderRestart(view, leaderFirst, to) : undefined;
  const replicas = targets.map(({ name }) => name).filter((name) => name !== view.leader);
  const refusals = [
    ...unhealthy,
    ...refuseMixed(limits),
    ...targets.flatMap(refuseStopped),
    ...targets.flatMap(refuseFullDisk),
    ...refuseThin(view, new Set(onlyPending ? [] : replicas)),
    ...refuseLastStandby(view, targets),
    ...(leads && view.leader !== undefined && !leader ? refuseWithoutCandidate(view) : []),
  ];
  const lost = leader?.how === 'handover' ? lostTo(slots, leader.to) : leader ? lostInPlace(slots, view) : [];
  const steps = [...replicas.map(restartStep), ...(leader ? leaderSteps(leader, lost) : [])];
  return {
    replicas,
    leader,
    leaderFirst,
    // Also when a run that was cut off, or a play, has restarted the leader.
    replaysFirst: leaderFirst || replicas.some((name) => needsReplay(limitsOf(name))),
    onlyPending,
    refusals,
    steps: leaderFirst ? [...steps.slice(replicas.length), ...steps.slice(0, replicas.length)] : steps,
    ...outageOf(leader, view, topology),
    notes: [
      ...(leaderFirst
        ? [
            `the leader goes first: ${limits.down.join(', ')} ${limits.down.length === 1 ? 'goes' : 'go'} down`,
          ]
        : []),
      ...noteOfLoss(lost),
    ],
  };
}

function limitsIn(
  { leader, members }: ClusterView,
  limitsOf: (name: string) => ChangedLimits | undefined,
): ChangedLimits {
  const others = members.filter(({ name }) => name !== leader).map(({ name }) => limitsOf(name));
  return leadersLimits(limitsOf(leader ?? ''), others);
}

/** Where no other may ever lead, a person decides to do without the leader: by the tags, or by a restart by hand. */
function leaderRestart(view: ClusterView, leaderFirst: boolean, to?: string): RestartPlan['leader'] {
  const name = view.leader ?? '';
  const led = leaderRestartOf(view, leaderFirst, { preferred: to, avoided: view.etcdLeader });
  if (led.how === 'handover') return { name, how: led.how, to: led.to };
  return led.how === 'in-place' && led.because !== 'nobody may lead' ? { name, how: led.how } : undefined;
}

function leaderSteps(
  leader: NonNullable<RestartPlan['leader']>,
  lost: readonly LogicalSlot[],
): PlannedStep[] {
  const disrupts = withLoss('writes and open sessions', lost);
  if (leader.how === 'in-place') return [{ what: `${leader.name} is restarted while it leads`, disrupts }];
  return [
    { what: `${leader.to} takes the lead over from ${leader.name}, which is restarted by that`, disrupts },
  ];
}

function restartStep(name: string): PlannedStep {
  return { what: `${name} is restarted`, disrupts: `sessions on ${name}` };
}

function outageOf(leader: RestartPlan['leader'], view: ClusterView, topology: Topology): { outage?: Outage } {
  if (!leader) return {};
  return {
    outage: leader.how === 'in-place' ? outageInPlace(topology, view.timing) : outageOfHandover(topology),
  };
}

function refuseMixed(limits: ChangedLimits): Refusal[] {
  if (!areMixed(limits)) return [];
  return [
    {
      message: `${limits.up.join(', ')} would go up and ${limits.down.join(', ')} down: no order of restarts suits both`,
      hint: 'with drover edit-config set back what goes down, restart, then lower it and restart again',
    },
  ];
}

function refuseStopped({ name, answers, running }: MemberView): Refusal[] {
  if (answers && running) return [];
  return [
    {
      message: `${name} does not ${answers ? 'run PostgreSQL' : 'answer'}`,
      hint: `drover status; look at patroni on ${name}`,
    },
  ];
}

/** The members that are not restarted because of their own trouble must keep up: redundancy shrinks meanwhile. */
function refuseThin(view: ClusterView, named: ReadonlySet<string>): Refusal[] {
  return view.members
    .filter(({ name }) => name !== view.leader && !named.has(name))
    .flatMap((member): Refusal[] => {
      const fault = faultOf(member, view);
      return fault ? [thinBy(member, fault)] : [];
    });
}

function thinBy({ name, lag = 0 }: MemberView, fault: Fault): Refusal {
  const message = `${name} ${fault.message}`;
  switch (fault.kind) {
    case 'lagging':
      return { message: `${name} lags by ${showBytes(lag)}`, hint: 'wait until it has caught up' };
    case 'lag-unknown':
      return { message, hint: 'drover status shows it once it is known' };
    case 'other-cluster':
      return { message, hint: `find out whose data it is before anything is done to ${name}` };
    case 'diverged':
      return { message, hint: `drover reinit ${name} deletes its data and clones the leader again` };
    case 'not-streaming':
    case 'other-timeline':
      return { message, hint: `fix it first: drover status, drover reinit ${name}` };
    default:
      return { message, hint: `fix it first: drover status; look at patroni on ${name}` };
  }
}

function refuseLastStandby(view: ClusterView, targets: readonly MemberView[]): Refusal[] {
  if (lacksStandby(view)) {
    return [
      { message: 'there is no synchronous standby', hint: 'wait until drover status shows a sync_standby' },
    ];
  }
  const last = targets.find(({ name }) => stopsStrictWrites(view, name));
  if (!last) return [];
  return [
    {
      message: `while ${last.name} is out no synchronous standby would be left, and writes would wait for one`,
      hint: 'add another standby, or turn synchronous_mode_strict off for the time with drover edit-config',
    },
  ];
}
