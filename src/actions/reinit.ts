import { reinit as reinitMember, settle } from '../cluster/moves.ts';
import { planReinit } from '../cluster/operations/members.ts';
import type { ExitCode } from '../core/errors.ts';
import { operate, type OperationRequest } from './operate.ts';

/** Has a replica delete its data and clone the leader. */
export function reinit(request: OperationRequest, name: string): Promise<ExitCode> {
  return operate(request, {
    verb: 'reinit',
    measured: true,
    endsSplit: true,
    plan: (view) => planReinit(view, name),
    async perform(control, { member, from = '' }, before) {
      await reinitMember(control, member);
      await settle(control, before, from, [member]);
    },
  });
}
