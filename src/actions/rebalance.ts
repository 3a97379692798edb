import { Control } from '../cluster/control.ts';
import { moveEtcdLeader, rebalance as rebalanceCluster } from '../cluster/moves.ts';
import { planRebalance } from '../cluster/operations/rebalance.ts';
import type { ExitCode } from '../core/errors.ts';
import type { Emit } from '../engine/events.ts';
import type { Run } from '../engine/run.ts';
import { topologyIn } from './cluster.ts';
import type { LoadedRun } from './load.ts';
import { operate, type OperationRequest } from './operate.ts';

/** Moves etcd's leader off the database leader's host. */
export function rebalance(request: OperationRequest): Promise<ExitCode> {
  return operate(request, {
    verb: 'rebalance',
    measured: true,
    plan: planRebalance,
    async perform(control, { move }) {
      if (move) await moveEtcdLeader(control, move);
    },
  });
}

/** The same after a run: if it changed anything, leaders may have been elected or moved. */
export async function rebalanceAfter(
  run: Run,
  loaded: LoadedRun,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<void> {
  if (!run.changed) return;
  const { fleet, journal } = run;
  const control = new Control({
    fleet,
    topology: topologyIn(run, loaded),
    emit,
    signal,
    ...(journal ? { journal } : {}),
  });
  const { leader, etcdLeader } = await control.look();
  if (leader !== undefined && leader === etcdLeader) await rebalanceCluster(control);
}
