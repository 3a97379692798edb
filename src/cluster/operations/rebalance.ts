import type { ClusterView } from '../view.ts';
import { refuseWeakEtcd, refuseWithoutLeader } from './danger.ts';
import { nothingToDo, type OperationPlan } from './plan.ts';

export interface RebalancePlan extends OperationPlan {
  /** Etcd's leader, who is to hand over, and to whom. */
  readonly move?: { readonly from: string; readonly to: string; readonly id: string };
}

/** Takes etcd's leadership off the database leader's host: together they make a failover take a time to live longer. */
export function planRebalance(view: ClusterView): RebalancePlan {
  const { etcd, etcdLeader: from, leader, members } = view;
  const refusals = [...refuseWithoutLeader(view), ...refuseWeakEtcd(view)];
  if (refusals.length > 0 || from === undefined) return { steps: [], refusals, notes: [] };
  if (from !== leader)
    return nothingToDo(`etcd is led from ${from}, the database from ${leader ?? 'nowhere'}`);
  const databases = new Set(members.map(({ name }) => name));
  const [target] = etcd
    .filter((member) => member.name !== from && !member.learner)
    // A host that can never lead the database is the best place.
    .sort(
      (a, b) => Number(databases.has(a.name)) - Number(databases.has(b.name)) || a.name.localeCompare(b.name),
    );
  if (target?.id === undefined) return nothingToDo(`etcd has no other member than the one on ${from}`);
  return {
    steps: [{ what: `etcd’s leadership moves from ${from} to ${target.name}` }],
    refusals: [],
    notes: [],
    move: { from, to: target.name, id: target.id },
  };
}
