import type { MapEntry } from '../../core/node.ts';
import type { Problems } from '../files.ts';
import type { InventoryGroup, InventoryHost } from './model.ts';

/** Gives a host or group a variable; a group's `ansible_group_priority` is its rank among those at its depth instead. */
export function setVariable(
  owner: InventoryHost | InventoryGroup,
  entry: MapEntry,
  problems: Problems,
): void {
  if (!('priority' in owner) || entry.key !== 'ansible_group_priority') owner.vars.set(entry.key, entry);
  else {
    const value = entry.value.kind === 'scalar' ? Number(entry.value.value ?? NaN) : NaN;
    if (Number.isNaN(value))
      problems.add({ message: 'ansible_group_priority must be a whole number', at: entry.value.range });
    else owner.priority = Math.trunc(value);
  }
}
