import { reloadMembers } from '../cluster/moves.ts';
import { planReload } from '../cluster/operations/members.ts';
import type { ExitCode } from '../core/errors.ts';
import { operate, type OperationRequest } from './operate.ts';
import { reportPending } from './pending.ts';

/** Has members reload their configuration, and reports which of them have a restart pending. */
export function reload(request: OperationRequest, names: readonly string[]): Promise<ExitCode> {
  return operate(request, {
    verb: 'reload',
    measured: false,
    plan: (view) => planReload(view, names),
    async perform(control, { members }) {
      reportPending(await reloadMembers(control, members), request.emit);
    },
  });
}
