import { performRemoval } from '../cluster/departure.ts';
import { lookAtDepartingHost } from '../cluster/departing-host.ts';
import type { Control } from '../cluster/control.ts';
import { planRemove, type RemovePlan } from '../cluster/operations/remove.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { Inventory } from '../config/inventory/model.ts';
import { didYouMean } from '../core/diagnostics.ts';
import { exitCodes, InvalidInputError, worstExitCode, type ExitCode } from '../core/errors.ts';
import { newRunId } from '../core/run-id.ts';
import { formatPlace } from '../core/source.ts';
import { loadHosts } from './load.ts';
import { operate, type OperationRequest } from './operate.ts';
import { disruptsOf, play } from './play.ts';
import { rebalanceAfter } from './rebalance.ts';
import { verifyAfter } from './verify.ts';

export interface MembershipOptions {
  readonly verify: boolean;
}

export interface MembershipRequest extends OperationRequest, MembershipOptions {
  readonly verb: 'remove' | 'replace';
}

/** Removes a host from the cluster, and updates the files of the others. */
export function remove(
  request: OperationRequest,
  name: string,
  { verify }: MembershipOptions,
): Promise<ExitCode> {
  return removeHost({ ...request, verb: 'remove', verify }, name);
}

/** The same, also as part of a replacement. */
export async function removeHost(request: MembershipRequest, name: string): Promise<ExitCode> {
  const { inventory } = loadHosts('all', request.input);
  const removed = await removeMember(request, inventory, name);
  if (removed !== exitCodes.ok && removed !== exitCodes.changesPending) return removed;
  const followed = await provisionWithout(request, name);
  if (!request.planOnly) reportPlaces(request, inventory, name);
  return worstExitCode([removed, followed]);
}

/** Removes a host from Patroni, etcd and HAProxy. What it lacks is no reason to refuse if `arriving` is about to join. */
export function removeMember(
  request: MembershipRequest,
  inventory: Inventory,
  name: string,
  arriving?: string,
): Promise<ExitCode> {
  return operate<RemovePlan>(request, {
    verb: 'remove',
    measured: true,
    leaving: name,
    async plan(view, control, agreed) {
      requireKnown(view, inventory, name);
      const departing = await lookAtDepartingHost(control, view, name);
      const handover = agreed?.removals.find((removal) => removal.do === 'hand-over');
      const plan = planRemove(view, control.topology, departing, { to: handover?.to, arriving });
      return agreed ? keepAgreement(agreed, plan) : plan;
    },
    perform: (control: Control, plan, view) => performRemoval(control, plan, view),
    async rehearse() {
      await provisionWithout({ ...request, planOnly: true, emit: () => undefined }, name);
    },
  });
}

/** Consent still holds if there is less to do: a dead member's key expires by itself. */
function keepAgreement(agreed: RemovePlan, now: RemovePlan): RemovePlan {
  const had = new Set(agreed.steps.map(({ what }) => what));
  return now.steps.every(({ what }) => had.has(what)) ? { ...now, steps: agreed.steps } : now;
}

function requireKnown({ listed }: ClusterView, inventory: Inventory, name: string): void {
  const members = [...listed.patroni, ...listed.etcd].map((member) => member.name);
  if (inventory.hosts.has(name) || members.includes(name)) return;
  const known = [...inventory.hosts.keys(), ...members].filter((each) => each !== '');
  throw new InvalidInputError([
    { message: `neither the inventory nor the cluster knows "${name}"`, ...didYouMean(name, known) },
  ]);
}

/** Plays site.yml for all hosts but one, and verifies them. */
export function provisionWithout(request: MembershipRequest, without: string | undefined): Promise<ExitCode> {
  const { input, signal, emit } = request;
  return play({
    ...request,
    // A run of its own in the hosts' journals.
    id: newRunId(),
    isPart: true,
    // Another host may be down as well: it is left out, and reported.
    skipUnreachable: true,
    become: true,
    // Between the removal of one member and the arrival of another, the number of members may be even.
    input: {
      ...input,
      skipTags: [...input.skipTags, 'etcd_count'],
      ...(without === undefined ? {} : { without }),
    },
    confirm: (question, changes) => request.confirm(question, disruptsOf(changes)),
    async afterwards(run, loaded) {
      await rebalanceAfter(run, loaded, request);
      return request.verify ? verifyAfter(run, loaded, signal, emit) : exitCodes.ok;
    },
  });
}

/** Names the places that the user has to edit: drover never edits the inventory. */
function reportPlaces({ emit }: OperationRequest, inventory: Inventory, name: string): void {
  const places = inventory.hosts.get(name)?.places ?? [];
  if (places.length === 0) return;
  emit({
    type: 'warning',
    message: `${name} is out of the cluster, and still in the inventory: ${places.map(({ at }) => formatPlace(at)).join(', ')}`,
    hint: 'take it out there, or the next drover provision takes it in again',
  });
}
