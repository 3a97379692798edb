import { readLogicalSlots } from '../cluster/logical-slots.ts';
import { failOver, rebalance, settle } from '../cluster/moves.ts';
import { planFailover, type HandoverPlan } from '../cluster/operations/switchover.ts';
import type { ExitCode } from '../core/errors.ts';
import { operate, type OperationRequest } from './operate.ts';

/** Makes a member the leader, whether or not there is one to take over from. */
export function failover(
  request: OperationRequest,
  { to }: { readonly to?: string | undefined },
): Promise<ExitCode> {
  return operate<HandoverPlan>(request, {
    verb: 'failover',
    measured: true,
    plan: async (view, control, agreed) =>
      planFailover(view, control.topology, to ?? agreed?.to, await readLogicalSlots(control, view)),
    async perform(control, plan, before) {
      const candidate = plan.to ?? '';
      await failOver(control, plan.from, candidate, plan.mayHang);
      await settle(control, before, candidate);
      await rebalance(control);
    },
  });
}
