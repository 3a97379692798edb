import { reloadMembers } from '../cluster/moves.ts';
import { planReload } from '../cluster/operations/members.ts';
import type { ExitCode } from '../core/errors.ts';
import { operate, type OperationRequest } from './operate.ts';
import { tellPending } from './pending.ts';

/** Has members read their configuration again, and says who waits for a restart then. */
export function reload(request: OperationRequest, names: readonly string[]): Promise<ExitCode> {
  return operate(request, {
    verb: 'reload',
    measured: false,
    plan: (view) => planReload(view, names),
    async perform(control, { members }) {
      tellPending(await reloadMembers(control, members), request.emit);
    },
  });
}
