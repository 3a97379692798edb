import { compareVersions } from '../../vars/helpers.ts';
import { outageOfHandover } from '../../components/timing.ts';
import type { Topology } from '../../components/topology.ts';
import type { ClusterView } from '../view.ts';
import { successorIn } from './danger.ts';
import { nothingToDo, type OperationPlan, type PlannedStep } from './plan.ts';
import { isWorking, refuseRemoval, type Departing } from './remove-danger.ts';

/** One step of a removal, for the machine. */
export type Removal =
  | { readonly do: 'hand-over'; readonly from: string; readonly to: string }
  | { readonly do: 'move-etcd-leader'; readonly from: string; readonly to: string; readonly id: string }
  | { readonly do: 'remove-etcd-member'; readonly id: string; readonly via: string }
  | { readonly do: 'stop-patroni' | 'await-forgotten' | 'retire-etcd' | 'stop-haproxy' };

export interface RemovePlan extends OperationPlan {
  readonly name: string;
  /** In the order in which they are made; each can be done again. */
  readonly removals: readonly Removal[];
}

export interface RemoveWish {
  /** Who is to lead, if the host does. */
  readonly to?: string | undefined;
  /** A host that joins before this one goes: what it makes good is not refused. */
  readonly arriving?: string | undefined;
}

/** Takes a host out: its database first, then its vote in etcd, then the entry for clients. */
export function planRemove(
  view: ClusterView,
  topology: Topology,
  departing: Departing,
  { to, arriving }: RemoveWish = {},
): RemovePlan {
  const { name } = departing;
  const candidate = view.leader === name && isWorking(view, name) ? successorIn(view, to) : undefined;
  const planned = [
    ...databaseSteps(view, departing, candidate?.name),
    ...etcdSteps(view, departing, candidate?.name ?? view.leader),
    ...entrySteps(departing),
  ];
  if (planned.length === 0) {
    return { ...nothingToDo(`nothing of ${name} is left in ${view.cluster}`), name, removals: [] };
  }
  return {
    name,
    removals: planned.map(([removal]) => removal),
    steps: planned.map(([, step]) => step),
    refusals: refuseRemoval(view, topology, departing, { candidate, arriving }),
    ...(candidate ? { outage: outageOfHandover(topology) } : {}),
    notes: notesOf(view, departing, arriving),
  };
}

type Planned = readonly [Removal, PlannedStep];

function databaseSteps(
  view: ClusterView,
  { name, units, slot }: Departing,
  candidate: string | undefined,
): Planned[] {
  const isListed = view.listed.patroni.some((member) => member.name === name);
  const runs = view.members.some((member) => member.name === name && member.running);
  const steps: Planned[] = [];
  if (candidate !== undefined) {
    steps.push([
      { do: 'hand-over', from: name, to: candidate },
      { what: `${candidate} takes the lead over from ${name}`, disrupts: 'writes and open sessions' },
    ]);
  }
  if (units.has('patroni')) {
    steps.push([
      { do: 'stop-patroni' },
      {
        what: `Patroni and PostgreSQL on ${name} are stopped for good`,
        ...(runs ? { disrupts: `sessions on ${name}` } : {}),
      },
    ]);
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

function etcdSteps(
  view: ClusterView,
  { name, address, units, etcdData }: Departing,
  leader: string | undefined,
): Planned[] {
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
  if (units.has('etcd') || etcdData !== undefined)
    steps.push([
      { do: 'retire-etcd' },
      {
        what:
          etcdData === undefined
            ? `etcd on ${name} is stopped for good`
            : `etcd on ${name} is stopped for good, and its data moved to ${etcdData}.removed-TIME`,
      },
    ]);
  return steps;
}

function entrySteps({ name, units }: Departing): Planned[] {
  if (!units.has('haproxy')) return [];
  const what = `HAProxy on ${name} is stopped for good`;
  return [[{ do: 'stop-haproxy' }, { what, disrupts: `sessions through HAProxy on ${name}` }]];
}

/** Since 4.0 Patroni keeps the slot of a member that is gone, for member_slots_ttl. */
export function keepsSlots({ patroniVersion, config }: ClusterView): boolean {
  if (patroniVersion === undefined || compareVersions(patroniVersion, '4.0') < 0) return false;
  const kept = config?.['member_slots_ttl'];
  return kept !== 0 && kept !== '0';
}

/** The member of this name in etcd's own list; one that never started has none, and is known by its address. */
export function etcdMemberOf(view: ClusterView, name: string, address?: string) {
  return view.listed.etcd.find(
    (member) =>
      member.name === name ||
      (member.name === '' && member.peerUrls.some((url) => new URL(url).hostname === address)),
  );
}

function notesOf(view: ClusterView, departing: Departing, arriving: string | undefined): string[] {
  const { name, groups, reached } = departing;
  const notes: string[] = [];
  if (etcdMemberOf(view, name) && arriving === undefined) notes.push(...noteOfVoters(view, name));
  const isDatabase = groups.has('postgres') || view.listed.patroni.some((member) => member.name === name);
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
