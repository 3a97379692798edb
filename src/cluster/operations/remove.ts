import { keepsSlotsOfGone } from '../../clients/patroni/api.ts';
import type { LogicalSlot } from '../../clients/patroni/slots.ts';
import type { Component, Stop } from '../../components/component.ts';
import { etcd } from '../../components/etcd/index.ts';
import { patroni } from '../../components/patroni/index.ts';
import { components } from '../../components/registry.ts';
import { lostTo, noSlots, noteOfLoss, withLoss, type LogicalSlots } from '../logical-slots.ts';
import { outageOfHandover } from '../timing.ts';
import type { Topology } from '../topology.ts';
import type { ClusterView } from '../view.ts';
import { successorIn } from './danger.ts';
import { nothingToDo, type OperationPlan, type PlannedStep } from './plan.ts';
import { isWorking, refuseRemoval, refuseWithoutCluster, type DepartingHost } from './remove-danger.ts';

/** One step of a removal, for the machine. */
export type Removal =
  | { readonly do: 'hand-over'; readonly from: string; readonly to: string }
  | { readonly do: 'move-etcd-leader'; readonly from: string; readonly to: string; readonly id: string }
  | { readonly do: 'remove-etcd-member'; readonly id: string; readonly via: string }
  | { readonly do: 'await-forgotten' }
  | { readonly do: 'stop'; readonly component: string };

export interface RemovePlan extends OperationPlan {
  readonly name: string;
  /** In the order in which they are made; each can be done again. */
  readonly removals: readonly Removal[];
}

export interface RemoveOptions {
  /** Who is to lead, if the host does. */
  readonly to?: string | undefined;
  /** A host that joins before this one goes: what it makes good is not refused. */
  readonly arriving?: string | undefined;
  readonly slots?: LogicalSlots;
}

/** Takes a host out: its database first, then its vote in etcd, then whatever else it serves. */
export function planRemove(
  view: ClusterView,
  topology: Topology,
  departing: DepartingHost,
  { to, arriving, slots = noSlots }: RemoveOptions = {},
): RemovePlan {
  const { name } = departing;
  const candidate = view.leader === name && isWorking(view, name) ? successorIn(view, to) : undefined;
  const lost = candidate ? lostTo(slots, candidate.name) : [];
  const planned = [
    ...databaseSteps(view, departing, candidate?.name, lost),
    ...etcdSteps(view, departing, candidate?.name ?? view.leader),
    ...otherSteps(departing),
  ];
  if (planned.length === 0) {
    const nothing = nothingToDo(`nothing of ${name} is left in ${view.cluster}`);
    return { ...nothing, name, removals: [], refusals: refuseWithoutCluster(view, name) };
  }
  return {
    name,
    removals: planned.map(([removal]) => removal),
    steps: planned.map(([, step]) => step),
    refusals: refuseRemoval(view, topology, departing, { candidate, arriving }),
    ...(candidate ? { outage: outageOfHandover(topology) } : {}),
    notes: [...notesOf(view, departing, arriving), ...noteOfLoss(lost)],
  };
}

/** The order in which a host leaves its components: the database first, which needs its etcd until then. */
export const departureOrder: readonly Component[] = [
  patroni,
  etcd,
  ...components.filter((component) => component !== patroni && component !== etcd),
];

type Planned = readonly [Removal, PlannedStep];

function databaseSteps(
  view: ClusterView,
  departing: DepartingHost,
  candidate: string | undefined,
  lost: readonly LogicalSlot[],
): Planned[] {
  const { name, units, slot } = departing;
  const isListed = view.listed.patroni.some((member) => member.name === name);
  const runs = view.members.some((member) => member.name === name && member.running);
  const steps: Planned[] = [];
  if (candidate !== undefined) {
    steps.push([
      { do: 'hand-over', from: name, to: candidate },
      {
        what: `${candidate} takes the lead over from ${name}`,
        disrupts: withLoss('writes and open sessions', lost),
      },
    ]);
  }
  if (units.has('patroni')) {
    steps.push(stopStep(patroni, departing, runs));
  }
  if (isListed || slot)
    steps.push([
      { do: 'await-forgotten' },
      {
        what: keepsSlots(view)
          ? `Patroni forgets ${name}: its place in the cluster goes`
          : `Patroni forgets ${name}: its place in the cluster and its replication slot go`,
      },
    ]);
  return steps;
}

function etcdSteps(view: ClusterView, departing: DepartingHost, leader: string | undefined): Planned[] {
  const { name, address, units, kept } = departing;
  const steps: Planned[] = [];
  const member = etcdMemberOf(view, name, address);
  const others = view.etcd.filter((other) => other.name !== name && other.follows && !other.learner);
  // The database leader's host is the last choice.
  const [target] = others.toSorted(
    (a, b) => Number(a.name === leader) - Number(b.name === leader) || a.name.localeCompare(b.name),
  );
  if (member && target) {
    if (view.etcdLeader === name && target.id !== undefined)
      steps.push([
        { do: 'move-etcd-leader', from: name, to: target.name, id: target.id },
        { what: `etcd’s leadership moves from ${name} to ${target.name}` },
      ]);
    steps.push([
      { do: 'remove-etcd-member', id: member.id, via: target.name },
      { what: `etcd takes ${name} out of its members` },
    ]);
  }
  if (units.has('etcd') || kept.has(etcd.name)) steps.push(stopStep(etcd, departing, true));
  return steps;
}

function otherSteps(departing: DepartingHost): Planned[] {
  return departureOrder
    .slice(2)
    .filter(({ unit }) => unit !== undefined && departing.units.has(unit))
    .map((component) => stopStep(component, departing, true));
}

function stopStep(component: Component, { name, kept }: DepartingHost, serves: boolean): Planned {
  const { what, disrupts } = stopOf(component, name, { kept: kept.get(component.name), serves });
  return [
    { do: 'stop', component: component.name },
    { what, ...(disrupts === undefined ? {} : { disrupts }) },
  ];
}

/** How a component's service on a host is stopped for good. */
export function stopOf(
  { title, leaving }: Component,
  host: string,
  found: { readonly kept: string | undefined; readonly serves: boolean },
): Stop {
  const stopped = `${title} on ${host} is stopped`;
  return leaving?.stop?.(host, found) ?? { what: `${stopped} for good`, done: stopped };
}

export function keepsSlots({ patroniVersion, config }: ClusterView): boolean {
  return keepsSlotsOfGone(patroniVersion, config);
}

/** The member of this name in etcd's own list; one that never started has none, and is known by its address. */
export function etcdMemberOf(view: ClusterView, name: string, address?: string) {
  return view.listed.etcd.find(
    (member) =>
      member.name === name ||
      (member.name === '' && member.peerUrls.some((url) => new URL(url).hostname === address)),
  );
}

function notesOf(view: ClusterView, departing: DepartingHost, arriving: string | undefined): string[] {
  const { name, groups, reached } = departing;
  const notes: string[] = [];
  if (etcdMemberOf(view, name) && arriving === undefined) notes.push(...noteOfVoters(view, name));
  const isDatabase = groups.has(patroni.group) || view.listed.patroni.some((member) => member.name === name);
  const left = view.members.filter((member) => member.name !== name && member.running);
  if (isDatabase && left.length === 1 && arriving === undefined)
    notes.push(`${left[0]?.name} is left without a replica: nobody could take over`);
  notes.push('then the others’ files follow: etcd’s members, pg_hba, HAProxy’s servers, /etc/hosts');
  if (isDatabase && keepsSlots(view))
    notes.push(
      `Patroni keeps the replication slot of ${name} for member_slots_ttl, 30 minutes unless it is set`,
    );
  if (reached) {
    const kept = isDatabase ? 'PostgreSQL’s data, the packages and files' : 'the packages and files';
    notes.push(`${kept} on ${name} stay as they are`);
  } else {
    notes.push(
      `${name} cannot be reached: nothing is done there. Should it come back, Patroni joins again by itself: keep it off, or run this again then`,
    );
  }
  return notes;
}

function noteOfVoters({ listed }: ClusterView, name: string): string[] {
  const left = listed.etcd.filter((member) => !member.isLearner && member.name !== name).length;
  if (left % 2 === 1 && left > 1) return [];
  const mayFail = Math.floor((left - 1) / 2);
  return [
    `etcd is left with ${left === 1 ? '1 member, which may not' : `${left} members, of which ${mayFail || 'none'} may`} fail${left > 2 ? `, as with ${left - 1}` : ': add one soon'}`,
  ];
}
