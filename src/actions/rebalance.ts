import { moveEtcdLeader } from '../cluster/moves.ts';
import { planRebalance } from '../cluster/operations/rebalance.ts';
import type { ExitCode } from '../core/errors.ts';
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
