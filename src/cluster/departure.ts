import { memberRemoveRequest, refusalOf } from '../clients/etcd.ts';
import { patroni } from '../components/patroni/index.ts';
import { UnhealthyError } from '../core/errors.ts';
import type { Control } from './control.ts';
import { hasSlot } from './departing-host.ts';
import { moveEtcdLeader, settle, switchOver } from './moves.ts';
import { departureOrder, stopOf, type Removal, type RemovePlan } from './operations/remove.ts';
import { boundOfCycle } from './timing.ts';
import type { ClusterView } from './view.ts';

// Seconds for systemd to stop a unit: Patroni's is given 300 of its own for PostgreSQL's last checkpoint.
const stopWithin = 400;
/** Seconds for etcd: it may have to find a leader before it changes its members. */
const etcdWithin = 60;

/** Takes a host out, step by step. Steps are idempotent, so a second run goes on. */
export async function performRemoval(control: Control, plan: RemovePlan, before: ClusterView): Promise<void> {
  for (const removal of plan.removals) {
    control.checkpoint();
    await performStep(control, plan.name, removal, before);
  }
}

async function performStep(
  control: Control,
  name: string,
  removal: Removal,
  before: ClusterView,
): Promise<void> {
  switch (removal.do) {
    case 'hand-over':
      await switchOver(control, removal.from, removal.to);
      await settle(control, before, removal.to);
      return;
    case 'stop':
      return stop(control, name, removal.component);
    case 'await-forgotten':
      return awaitForgotten(control, name);
    case 'move-etcd-leader':
      // The switchover may have moved it already.
      if ((await control.look()).etcdLeader === removal.from) await moveEtcdLeader(control, removal);
      return;
    case 'remove-etcd-member':
      return removeEtcdMember(control, name, removal);
  }
}

async function stop(control: Control, name: string, componentName: string): Promise<void> {
  const component = departureOrder.find((other) => other.name === componentName);
  if (component?.unit === undefined) throw new Error(`nothing to stop of ${componentName}`);
  const { unit } = component;
  if (component === patroni && (await control.look()).leader === name)
    throw new UnhealthyError(`${name} leads now: the roles have changed`, {
      hint: `run it again: drover remove ${name} then has another one take over first`,
    });
  const { done, script = '' } = stopOf(component, name, { kept: undefined, serves: true });
  await control.step(done, () =>
    control.run(name, `stop ${unit}`, `systemctl disable --now ${unit}\n${script}`.trimEnd(), stopWithin),
  );
}

/** The place of a member that stopped goes with its time to live, its slot in the leader's next cycle. */
async function awaitForgotten(control: Control, name: string): Promise<void> {
  const { timing } = await control.look();
  const step = `Patroni has forgotten ${name}`;
  await control.step(step, () =>
    control.until(step, timing.ttl + 2 * boundOfCycle(timing), async (view) => {
      if (view.listed.patroni.some((member) => member.name === name)) return 'it still lists it';
      if (view.leader === undefined) return 'there is no leader';
      return (await hasSlot(control, view, name)) ? `${view.leader} still has its slot` : undefined;
    }),
  );
}

async function removeEtcdMember(
  control: Control,
  name: string,
  { id, via }: Extract<Removal, { do: 'remove-etcd-member' }>,
): Promise<void> {
  const step = `etcd has taken ${name} out`;
  const order = memberRemoveRequest(control.etcdOf(via), id);
  await control.step(step, () =>
    control.until(step, etcdWithin, async (view) => {
      if (view.listed.etcd.length > 0 && !view.listed.etcd.some((member) => member.id === id))
        return undefined;
      const answer = await control.send(via, order);
      return answer.answered && answer.status === 200 ? 'it was told to' : refusalOf(answer);
    }),
  );
}
