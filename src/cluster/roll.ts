import type { Control } from './control.ts';
import { awaitCycle, awaitReplay, restartMember, settle, switchOver } from './moves.ts';
import { successorIn, refuseCandidate } from './operations/danger.ts';
import { memberNamed } from './operations/plan.ts';
import type { RestartPlan } from './operations/restart.ts';
import { boundOfSettling } from './timing.ts';
import type { ClusterView } from './view.ts';

/** Restarts members one after the other, each awaited before the next. Resolves to how the cluster is then. */
export async function rollRestart(
  control: Control,
  before: ClusterView,
  plan: RestartPlan,
): Promise<ClusterView> {
  const { replicas, leader, leaderFirst, replaysFirst, onlyPending } = plan;
  let leads = before.leader ?? '';
  if (leader?.how === 'in-place' && leaderFirst)
    await restartMember(control, leader.name, { leads: true, onlyPending });
  if (replaysFirst && replicas.length > 0) await awaitReplay(control, replicas);
  for (const name of replicas) await restartMember(control, name, { leads: false, onlyPending });
  if (leader?.how === 'in-place' && !leaderFirst)
    await restartMember(control, leader.name, { leads: true, onlyPending });
  if (leader?.how === 'handover') {
    leads = await fitCandidate(control, leader.to);
    // Its demotion restarts the former leader.
    await switchOver(control, leader.name, leads);
  }
  const after = await settle(control, before, leads, replicas);
  return leader?.how === 'handover' ? restartIfPending(control, before, after, leader.name) : after;
}

/** Waits for the planned candidate; restarts may have made another one the synchronous standby, which is as good. */
async function fitCandidate(control: Control, planned: string): Promise<string> {
  let fit = planned;
  const { timing } = await control.look();
  await control.until('a candidate is fit to lead', boundOfSettling(timing, control.topology), (view) => {
    const refusals = refuseCandidate(view, memberNamed(view, planned));
    const other = refusals.length === 0 ? undefined : successorIn(view)?.name;
    fit = other ?? planned;
    return other === undefined ? refusals[0]?.message : undefined;
  });
  if (fit !== planned)
    control.emit({
      type: 'warning',
      message: `${planned} is not fit to lead after the restarts, so ${fit} is to`,
    });
  return fit;
}

/** A former leader that still waits for a restart after it has taken its new role in. */
async function restartIfPending(
  control: Control,
  before: ClusterView,
  after: ClusterView,
  name: string,
): Promise<ClusterView> {
  const isWaiting = (view: ClusterView) => memberNamed(view, name).pendingRestart;
  if (!isWaiting(after)) return after;
  const step = `${name} takes its new role in`;
  const later = await control.step(step, () => awaitCycle(control, step));
  if (!isWaiting(later)) return later;
  await restartMember(control, name, { leads: false, onlyPending: true });
  return settle(control, before, later.leader ?? '');
}
