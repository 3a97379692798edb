import { memberRemoveRequest, refusalOf } from '../clients/etcd.ts';
import { UnhealthyError } from '../core/errors.ts';
import { recordFile } from '../modules/etcd-member/schema.ts';
import type { Control } from './control.ts';
import { hasSlot } from './departing.ts';
import { moveEtcdLeader, settle, switchOver } from './moves.ts';
import type { Removal, RemovePlan } from './operations/remove.ts';
import { boundOfCycle } from '../components/timing.ts';
import type { ClusterView } from './view.ts';

// Seconds for systemd to stop a unit: Patroni's is given 300 of its own for PostgreSQL's last checkpoint.
const stopWithin = 400;
/** Seconds for etcd: it may have to find a leader before it changes its members. */
const etcdWithin = 60;

/** Takes a host out, step by step. Each step holds when it is made again, so that a second run goes on. */
export async function depart(control: Control, plan: RemovePlan, before: ClusterView): Promise<void> {
  for (const removal of plan.removals) {
    control.checkpoint();
    await make(control, plan.name, removal, before);
  }
}

async function make(control: Control, name: string, removal: Removal, before: ClusterView): Promise<void> {
  switch (removal.do) {
    case 'hand-over':
      await switchOver(control, removal.from, removal.to);
      await settle(control, before, removal.to);
      return;
    case 'stop-patroni':
      if ((await control.look()).leader === name)
        throw new UnhealthyError(`${name} leads now: the roles have changed`, {
          hint: `run it again: drover remove ${name} then has another one take over first`,
        });
      return stopUnit(control, name, 'patroni', `Patroni and PostgreSQL on ${name} are stopped`);
    case 'await-forgotten':
      return awaitForgotten(control, name);
    case 'move-etcd-leader':
      // The switchover may have moved it already.
      if ((await control.look()).etcdLeader === removal.from) await moveEtcdLeader(control, removal);
      return;
    case 'remove-etcd-member':
      return removeEtcdMember(control, name, removal);
    case 'retire-etcd':
      return retireEtcd(control, name);
    case 'stop-haproxy':
      return stopUnit(control, name, 'haproxy', `HAProxy on ${name} is stopped`);
  }
}

async function stopUnit(control: Control, name: string, unit: string, step: string): Promise<void> {
  await control.step(step, () =>
    control.run(name, `stop ${unit}`, `systemctl disable --now ${unit}`, stopWithin),
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

/** A removed member's data can never start again. It is kept beside, with the host's record of the cluster taken back. */
async function retireEtcd(control: Control, name: string): Promise<void> {
  await control.step(`etcd on ${name} is stopped, its data out of the way`, () =>
    control.run(
      name,
      'stop etcd',
      `systemctl disable --now etcd
dir=$(sed -n 's/^ETCD_DATA_DIR=//p' /etc/default/etcd)
if [ -e ${recordFile} ] && [ -n "$dir" ] && [ -e "$dir" ]; then
  mv -- "$dir" "$dir.removed-$(date -u +%Y%m%dT%H%M%SZ)"
fi
rm -f ${recordFile}`,
      stopWithin,
    ),
  );
}
