import type { Control } from '../cluster/control.ts';
import { rebalance } from '../cluster/moves.ts';
import { planRestart, sharedLimits, type RestartPlan } from '../cluster/operations/restart.ts';
import { rollRestart } from '../cluster/roll.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { ExitCode } from '../core/errors.ts';
import { operate, type OperationRequest } from './operate.ts';
import { tellPending } from './pending.ts';

/** Restarts PostgreSQL of the members named, or of those that wait for it, one after the other. */
export function restart(request: OperationRequest, names: readonly string[]): Promise<ExitCode> {
  return operate<RestartPlan>(request, {
    verb: 'restart',
    measured: true,
    async plan(view, control, agreed) {
      const to = agreed?.leader?.how === 'handover' ? agreed.leader.to : undefined;
      return planRestart(view, control.topology, { names, to, running: await runningLimits(control, view) });
    },
    async perform(control, plan, before) {
      tellPending(await rollRestart(control, before, plan), control.emit);
      await rebalance(control);
    },
  });
}

/** The limits that standbys share, as the leader runs with them. */
async function runningLimits(
  { sql, topology }: Control,
  { leader }: ClusterView,
): Promise<Map<string, number>> {
  const node = topology.postgres.find(({ name }) => name === leader);
  if (!node) return new Map();
  const names = Object.keys(sharedLimits).map((name) => `'${name}'`);
  const answer = await sql.node(
    node,
    `SELECT name, setting FROM pg_settings WHERE name IN (${names.join(', ')})`,
  );
  return new Map(
    answer.answered ? answer.rows.map((row) => [String(row['name']), Number(row['setting'])]) : [],
  );
}
