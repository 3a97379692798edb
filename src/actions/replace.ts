import { etcd } from '../components/etcd/index.ts';
import { patroni } from '../components/patroni/index.ts';
import { serviceGroups } from '../cluster/topology.ts';
import { isWorking, refuseMember } from '../cluster/operations/remove-danger.ts';
import { Control } from '../cluster/control.ts';
import type { Inventory, InventoryHost } from '../config/inventory/model.ts';
import { didYouMean, type Diagnostic } from '../core/diagnostics.ts';
import { exitCodes, InvalidInputError, UnhealthyError, UsageError, type ExitCode } from '../core/errors.ts';
import { withCluster } from './cluster.ts';
import { loadHosts } from './load.ts';
import type { OperationRequest } from './operate.ts';
import {
  provisionWithout,
  removeHost,
  removeMember,
  type MembershipOptions,
  type MembershipRequest,
} from './remove.ts';

/**
 * Replaces a host with a new one. A working host stays until the new one has joined; a dead one is removed first, as
 * etcd accepts no member while a voter is down.
 */
export async function replace(
  operation: OperationRequest,
  old: string,
  fresh: string,
  { verify }: MembershipOptions,
): Promise<ExitCode> {
  const request: MembershipRequest = { ...operation, verb: 'replace', verify };
  const { inventory } = loadHosts('all', request.input);
  requireSameGroups(inventory, old, fresh);
  if (!(await isReplaceable(request, old, fresh))) return removeHost(request, old, fresh);
  const joined = await provisionWithout({ ...request, verify: false }, undefined, { needed: fresh });
  if (joined !== exitCodes.ok && joined !== exitCodes.changesPending) return joined;
  if (!request.planOnly) return removeHost(request, old);
  return removeMember(request, inventory, old, { arriving: fresh });
}

/**
 * Whether all of a host's roles work: one that was removed in part must not be added again. Throws where the other one
 * is a member already.
 */
function isReplaceable(request: MembershipRequest, name: string, fresh: string): Promise<boolean> {
  // The next step reports the same connections.
  const emit = () => undefined;
  return withCluster({ ...request, emit }, async (run, topology) => {
    const { signal } = request;
    const control = new Control({ fleet: run.fleet, topology, emit, signal });
    const view = await control.look();
    const [refusal] = refuseMember(view, name, fresh);
    if (refusal) throw new UnhealthyError(`replace refused: ${refusal.message}`, { hint: refusal.hint });
    const roles = [
      { nodes: topology.hostsOf(patroni), members: view.members.filter(({ running }) => running) },
      { nodes: topology.hostsOf(etcd), members: view.etcd.filter(({ follows }) => follows) },
    ].filter(({ nodes }) => nodes.some((node) => node.name === name));
    if (roles.length === 0) return view.writesTo.has(name);
    return (
      isWorking(view, name) && roles.every(({ members }) => members.some((member) => member.name === name))
    );
  });
}

/** Throws unless the new host is in every group of the cluster that the old one is in. */
function requireSameGroups(inventory: Inventory, old: string, fresh: string): void {
  if (old === fresh) throw new UsageError(`${old} cannot take its own place`);
  const former = hostOf(inventory, old, 'drover remove takes one out that only the cluster knows');
  const next = hostOf(inventory, fresh, 'put it there first, in the groups of the other');
  const problems = serviceGroups
    .filter((group) => hasHost(inventory, group, former.name) && !hasHost(inventory, group, next.name))
    .map((group): Diagnostic => {
      const at = former.places.find((place) => place.group === group)?.at ?? former.at;
      const hint = `put ${fresh} there too`;
      return { message: `${old} is in the group ${group}, and ${fresh} is not`, hint, at };
    });
  if (problems.length > 0) throw new InvalidInputError(problems);
}

function hasHost(inventory: Inventory, group: string, name: string): boolean {
  return inventory.groups.has(group) && inventory.hostsOf(group).includes(name);
}

function hostOf({ hosts }: Inventory, name: string, otherwise: string): InventoryHost {
  const found = hosts.get(name);
  if (found) return found;
  const { hint } = didYouMean(name, hosts.keys());
  const message = `the inventory has no host "${name}"`;
  throw new InvalidInputError([{ message, hint: hint?.startsWith('did') ? hint : otherwise }]);
}
