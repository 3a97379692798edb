import { directions, withFallbacks, type PgSettings } from '../../clients/pg-settings.ts';
import { outageInPlace, outageOfHandover, type Outage } from '../../components/timing.ts';
import type { Topology } from '../../components/topology.ts';
import type { ClusterView, MemberView } from '../view.ts';
import {
  chooseCandidate,
  refusePaused,
  refuseWeakEtcd,
  refuseWithoutCandidate,
  refuseWithoutLeader,
  showBytes,
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
  /** Only who waits for a restart; named members are restarted in any case. */
  readonly onlyPending: boolean;
}

/** What is asked for, and what the leader runs with. */
export interface RestartWish {
  /** None for all that wait for a restart. */
  readonly names: readonly string[];
  /** The shared limits as they are in force on the leader; undefined where it does not say. */
  readonly running: PgSettings | undefined;
  /** Who is to lead if the leader is among them. */
  readonly to?: string | undefined;
}

/** Which of the shared limits go up and which down when the leader takes over what the DCS holds. */
function changedLimits(
  running: PgSettings | undefined,
  config: Readonly<Record<string, unknown>>,
): ReturnType<typeof directions> {
  if (!running) return { up: [], down: [] };
  const set = Object.entries(parametersOf(config)).filter(([, value]) => value !== null);
  return directions(running, withFallbacks(running, Object.fromEntries(set)));
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
  { names, running, to }: RestartWish,
): RestartPlan {
  const onlyPending = names.length === 0;
  const named = new Set(names.map((name) => memberNamed(view, name).name));
  const targets = view.members.filter(({ name, pendingRestart }) =>
    onlyPending ? pendingRestart : named.has(name),
  );
  const nobody = { replicas: [], leader: undefined, leaderFirst: false, onlyPending };
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
  const limits = leads ? changedLimits(running, view.config ?? {}) : { up: [], down: [] };
  const leaderFirst = limits.down.length > 0;
  const leader = leads && view.leader !== undefined ? leaderRestart(view, leaderFirst, to) : undefined;
  const replicas = targets.map(({ name }) => name).filter((name) => name !== view.leader);
  const refusals = [
    ...unhealthy,
    ...refuseMixed(limits),
    ...targets.flatMap(refuseStopped),
    ...refuseThin(view, new Set(onlyPending ? [] : replicas)),
    ...(leads && view.leader !== undefined && !leader ? refuseWithoutCandidate(view) : []),
  ];
  const steps = [...replicas.map(restartStep), ...(leader ? leaderSteps(leader) : [])];
  return {
    replicas,
    leader,
    leaderFirst,
    onlyPending,
    refusals,
    steps: leaderFirst ? [...steps.slice(replicas.length), ...steps.slice(0, replicas.length)] : steps,
    ...outageOf(leader, view, topology),
    notes: leaderFirst
      ? [`the leader goes first: ${limits.down.join(', ')} ${limits.down.length === 1 ? 'goes' : 'go'} down`]
      : [],
  };
}

function leaderRestart(view: ClusterView, leaderFirst: boolean, to?: string): RestartPlan['leader'] {
  const name = view.leader ?? '';
  if (leaderFirst || view.members.length === 1) return { name, how: 'in-place' };
  const candidate = chooseCandidate(view, to);
  return candidate ? { name, how: 'handover', to: candidate.name } : undefined;
}

function leaderSteps(leader: NonNullable<RestartPlan['leader']>): PlannedStep[] {
  const disrupts = 'writes and open sessions';
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

function refuseMixed({ up, down }: { up: readonly string[]; down: readonly string[] }): Refusal[] {
  if (up.length === 0 || down.length === 0) return [];
  return [
    {
      message: `${up.join(', ')} would go up and ${down.join(', ')} down: no order of restarts suits both`,
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
  const behind = view.members
    .filter(({ name }) => name !== view.leader && !named.has(name))
    .flatMap(({ name, answers, streaming, lag = 0 }): Refusal[] => {
      if (!answers || !streaming)
        return [
          {
            message: `${name} does not follow ${view.leader ?? 'a leader'}`,
            hint: `mend it first: drover status, drover reinit ${name}`,
          },
        ];
      return lag > view.timing.maximumLag
        ? [{ message: `${name} lags by ${showBytes(lag)}`, hint: 'wait until it has caught up' }]
        : [];
    });
  const lacksSync = view.synchronous && !view.members.some(({ synchronous }) => synchronous);
  return lacksSync
    ? [
        ...behind,
        { message: 'there is no synchronous standby', hint: 'wait until drover status shows a sync_standby' },
      ]
    : behind;
}
