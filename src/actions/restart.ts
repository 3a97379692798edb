import { readLogicalSlots } from '../cluster/logical-slots.ts';
import { rebalance } from '../cluster/moves.ts';
import { parametersOf, planRestart, type RestartPlan } from '../cluster/operations/restart.ts';
import { rollRestart } from '../cluster/roll.ts';
import { patroni } from '../components/patroni/index.ts';
import { settingsOf } from '../components/patroni/running-settings.ts';
import type { ExitCode } from '../core/errors.ts';
import { operate, type OperationRequest } from './operate.ts';
import { reportPending } from './pending.ts';

/** Restarts PostgreSQL on the named members, or on those with a restart pending, one after the other. */
export function restart(request: OperationRequest, names: readonly string[]): Promise<ExitCode> {
  return operate<RestartPlan>(request, {
    verb: 'restart',
    measured: true,
    async plan(view, control, agreed) {
      const set = Object.keys(parametersOf(view.config ?? {}));
      const to = agreed?.leader?.how === 'handover' ? agreed.leader.to : undefined;
      const members = { ...control.topology.of(patroni), ask: control.ask };
      const settings = await Promise.all(
        view.members.map(async ({ name }) => [name, await settingsOf(members, name, set)] as const),
      );
      const slots = await readLogicalSlots(control, view);
      return planRestart(view, control.topology, { names, to, settings: new Map(settings), slots });
    },
    async perform(control, plan, before) {
      reportPending(await rollRestart(control, before, plan), control.emit);
      await rebalance(control);
    },
  });
}
