import type { Control } from './control.ts';
import { awaitCycle, restartMember, settle, switchOver } from './moves.ts';
import { chooseCandidate, refuseCandidate } from './operations/danger.ts';
import type { RestartPlan } from './operations/restart.ts';
import type { ClusterView } from './view.ts';

/** Restarts members one after the other, each awaited before the next. Resolves to who leads in the end. */
export async function rollRestart(control: Control, before: ClusterView, plan: RestartPlan): Promise<string> {
  const { replicas, leader, leaderFirst, onlyPending } = plan;
  let leads = before.leader ?? '';
  const restartLeader = async () => {
    if (!leader) return;
    if (leader.how === 'in-place') await restartMember(control, leader.name, { leads: true, onlyPending });
    else leads = await restartByHandover(control, before, leader.name, leader.to);
  };
  if (leaderFirst) await restartLeader();
  for (const name of replicas) await restartMember(control, name, { leads: false, onlyPending });
  if (!leaderFirst) await restartLeader();
  await settle(control, before, leads, replicas);
  return leads;
}

/** A leader that hands over is restarted by its demotion. */
async function restartByHandover(
  control: Control,
  before: ClusterView,
  name: string,
  planned: string,
): Promise<string> {
  let to = planned;
  await control.until(`${planned} is fit to lead`, 60, (view) => {
    const member = view.members.find((other) => other.name === planned);
    const [refusal] = member ? refuseCandidate(view, member) : [];
    // The restarts may have made another one the synchronous standby.
    to = refusal ? (chooseCandidate(view)?.name ?? planned) : planned;
    return to === planned ? refusal?.message : undefined;
  });
  await switchOver(control, name, to);
  const after = await settle(control, before, to);
  const waiting = (view: ClusterView) =>
    view.members.some((other) => other.name === name && other.pendingRestart);
  if (!waiting(after)) return to;
  const later = await awaitCycle(control, `${name} takes its new role in`);
  if (waiting(later)) await restartMember(control, name, { leads: false, onlyPending: true });
  return to;
}
