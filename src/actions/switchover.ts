import { cancelSwitchoverRequest, switchoverRequest } from '../clients/patroni/api.ts';
import { refusalOf } from '../clients/etcd.ts';
import type { Control } from '../cluster/control.ts';
import { readLogicalSlots } from '../cluster/logical-slots.ts';
import { rebalance, settle, switchOver } from '../cluster/moves.ts';
import {
  planCancel,
  planSchedule,
  planSwitchover,
  type HandoverPlan,
} from '../cluster/operations/switchover.ts';
import { boundOfCycle } from '../cluster/timing.ts';
import type { ClusterView } from '../cluster/view.ts';
import { UnhealthyError, UsageError, type ExitCode } from '../core/errors.ts';
import { operate, type OperationRequest } from './operate.ts';

export interface SwitchoverOptions {
  readonly to?: string;
  readonly at?: Date;
  readonly cancel?: boolean;
}

/** Hands leadership over to another member: now, or at a given time; or cancels a scheduled switchover. */
export function switchover(
  request: OperationRequest,
  { to, at, cancel }: SwitchoverOptions,
): Promise<ExitCode> {
  if (cancel && (to !== undefined || at !== undefined))
    throw new UsageError('--cancel goes with neither --to nor --at');
  if (cancel) return cancelSwitchover(request);
  return at ? scheduleSwitchover(request, at, to) : switchNow(request, to);
}

function switchNow(request: OperationRequest, to: string | undefined): Promise<ExitCode> {
  return operate<HandoverPlan>(request, {
    verb: 'switchover',
    measured: true,
    plan: async (view, control, agreed) =>
      planSwitchover(view, control.topology, to ?? agreed?.to, await readLogicalSlots(control, view)),
    async perform(control, plan, before) {
      const [leader, candidate] = bothOf(plan);
      await switchOver(control, leader, candidate);
      await settle(control, before, candidate);
      await rebalance(control);
    },
  });
}

/** Has Patroni schedule a switchover. */
function scheduleSwitchover(request: OperationRequest, at: Date, to: string | undefined): Promise<ExitCode> {
  return operate(request, {
    verb: 'switchover',
    measured: false,
    plan: async (view, control) => planSchedule(view, at, to, await readLogicalSlots(control, view)),
    async perform(control, { from: leader = '' }, { timing }) {
      const order = {
        leader,
        scheduled_at: at.toISOString(),
        ...(to === undefined ? {} : { candidate: to }),
      };
      await control.step('Patroni has the order', async () => {
        const answer = await control.send(
          leader,
          switchoverRequest(control.restOf(leader), control.restLogin, order),
        );
        if (!answer.answered || answer.status !== 202)
          throw new UnhealthyError(`Patroni refused: ${refusalOf(answer)}`, {
            hint: 'drover status shows how the cluster is now',
          });
        await awaitSchedule(control, timing, true);
      });
    },
  });
}

/** Cancels the scheduled switchover. */
function cancelSwitchover(request: OperationRequest): Promise<ExitCode> {
  return operate(request, {
    verb: 'switchover',
    measured: false,
    plan: planCancel,
    async perform(control, _plan, view) {
      const host = view.members.find(({ answers }) => answers)?.name ?? '';
      await control.step('the order is taken back', async () => {
        const answer = await control.send(
          host,
          cancelSwitchoverRequest(control.restOf(host), control.restLogin),
        );
        // 404: nothing is scheduled any longer.
        if (!answer.answered || ![200, 404].includes(answer.status))
          throw new UnhealthyError(`Patroni refused: ${refusalOf(answer)}`, { hint: 'try again' });
        await awaitSchedule(control, view.timing, false);
      });
    },
  });
}

async function awaitSchedule(
  control: Control,
  timing: ClusterView['timing'],
  wanted: boolean,
): Promise<void> {
  await control.until('the schedule', boundOfCycle(timing), ({ scheduled }) =>
    (scheduled !== undefined) === wanted
      ? undefined
      : `a switchover is ${wanted ? 'not yet' : 'still'} scheduled`,
  );
}

/** Leader and candidate; a plan without refusals names both. */
function bothOf({ from, to }: HandoverPlan): [string, string] {
  if (from === undefined || to === undefined) throw new Error('a switchover takes a leader and a candidate');
  return [from, to];
}
