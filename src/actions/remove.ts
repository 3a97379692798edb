import { performRemoval } from '../cluster/departure.ts';
import { lookAtDepartingHost } from '../cluster/departing-host.ts';
import type { Control } from '../cluster/control.ts';
import { readLogicalSlots } from '../cluster/logical-slots.ts';
import { planRemove, type RemovePlan } from '../cluster/operations/remove.ts';
import type { ClusterView } from '../cluster/view.ts';
import type { Inventory } from '../config/inventory/model.ts';
import { didYouMean } from '../core/diagnostics.ts';
import {
  DroverError,
  exitCodes,
  InterruptedError,
  InvalidInputError,
  worstExitCode,
  type ExitCode,
} from '../core/errors.ts';
import { newRunId } from '../core/run-id.ts';
import type { Plan } from '../engine/planning/plan.ts';
import { formatPlace } from '../core/source.ts';
import { loadHosts } from './load.ts';
import { operate, type OperationRequest } from './operate.ts';
import { refusePending } from './pending-changes.ts';
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
export async function removeHost(
  request: MembershipRequest,
  name: string,
  arriving?: string,
): Promise<ExitCode> {
  const { inventory } = loadHosts('all', request.input);
  let isCompared = request.verb !== 'remove';
  const compare = async (after: Plan) => {
    if (!isCompared) refusePending(await planStaying(request), after, name);
    isCompared = true;
  };
  const removed = await removeMember(request, inventory, name, { takesItsPlace: arriving, inspect: compare });
  if (removed !== exitCodes.ok && removed !== exitCodes.changesPending) return removed;
  const followed = await provisionWithout(request, name, { needed: arriving, inspect: compare });
  if (!request.planOnly) reportPlaces(request, inventory, name);
  return worstExitCode([removed, followed]);
}

interface Successor {
  /** Has joined already, or is about to: what the cluster would lack without the host is no reason to refuse. */
  readonly arriving?: string;
  /** Joins once the host is gone. All that it needs has to be there before. */
  readonly takesItsPlace?: string | undefined;
  /** Throws if what is to follow must not be done. */
  readonly inspect?: (after: Plan) => Promise<void>;
}

/** Removes a host from Patroni, etcd and HAProxy. */
export function removeMember(
  request: MembershipRequest,
  inventory: Inventory,
  name: string,
  { arriving, takesItsPlace, inspect }: Successor = {},
): Promise<ExitCode> {
  return operate<RemovePlan>(request, {
    verb: 'remove',
    measured: true,
    leaving: name,
    async plan(view, control, agreed) {
      requireKnown(view, inventory, name);
      const departing = await lookAtDepartingHost(control, view, name);
      const handover = agreed?.removals.find((removal) => removal.do === 'hand-over');
      const slots = await readLogicalSlots(control, view);
      const plan = planRemove(view, control.topology, departing, { to: handover?.to, arriving, slots });
      return agreed ? keepAgreement(agreed, plan) : plan;
    },
    perform: (control: Control, plan, view) => performRemoval(control, plan, view),
    async rehearse() {
      const silently = { ...request, planOnly: true, emit: () => undefined };
      await provisionWithout(silently, name, { needed: takesItsPlace, inspect });
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

/** What a run would change while all hosts stay; undefined where that cannot be told, as of a host that is to go. */
async function planStaying(request: MembershipRequest): Promise<Plan | undefined> {
  let found: Plan | undefined;
  const inspect = (plan: Plan) => {
    found = plan;
  };
  try {
    await provisionWithout({ ...request, planOnly: true, emit: () => undefined }, undefined, { inspect });
  } catch (error) {
    if (!(error instanceof DroverError) || error instanceof InterruptedError) throw error;
  }
  return found;
}

interface ProvisionOptions {
  /** A host that must not be left out, even if it cannot be reached. */
  readonly needed?: string | undefined;
  readonly inspect?: ((plan: Plan) => void | Promise<void>) | undefined;
}

/** Plays site.yml for all hosts but one, and verifies them. */
export function provisionWithout(
  request: MembershipRequest,
  without: string | undefined,
  { needed, inspect }: ProvisionOptions = {},
): Promise<ExitCode> {
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
    async inspectPlan(plan, { fleet }) {
      const gone = needed === undefined ? undefined : fleet.unreachable.get(needed);
      if (gone) throw gone;
      await inspect?.(plan);
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
