import type { Provides } from '../../config/playbook/model.ts';
import { factsOfAccount } from '../../facts/account.ts';
import { factsOfPath } from '../../facts/content.ts';
import type { FactKind, Need } from '../../facts/need.ts';
import { factsOfUnit, needDaemonReload, unitName } from '../../facts/unit.ts';
import { outdate, type Write } from '../../plan/change.ts';
import type { BoundTask } from '../../modules/define-module.ts';
import type { Instance } from './instance.ts';
import { ofPaths, type World } from '../hosts/world.ts';

/** What a package that brings a unit changes; it has systemd read its files itself. */
const ofNewUnits: readonly FactKind[] = ['unit', 'restart-record'];

/** Facts about one thing: what changes one of them may change the others. */
const families = [
  factsOfPath,
  (unit: string) => [...factsOfUnit(unit), needDaemonReload(unit)],
  factsOfAccount,
].map((factsOf) => ({ factsOf, kinds: new Set(factsOf('').map(({ kind }) => kind)) }));

/** Puts what a change writes into a world. A task's `provides` limits what would otherwise be everything. */
export function takeEffect(world: World, instance: Instance, writes: readonly Write[]): void {
  const reason = `"${instance.name}" comes first`;
  for (const write of writes) {
    if (write === '*' && instance.provides) invalidateProvided(world, instance.provides, reason);
    else world.write(write, reason);
  }
}

/** Marks what a task that can't be planned yet may write. */
export function takeUnknownEffect(world: World, instance: Instance): void {
  const { module } = instance.task;
  if (module.readOnly || instance.isRead) return;
  const { needs, bound, delegateTo } = instance;
  const own = needs.filter((need) => need.host === undefined || need.host === delegateTo);
  const writes = possibleWrites(own, bound).map(outdate);
  takeEffect(world, instance, module.wide ? ['*', ...writes] : writes);
}

/** What a task may write that is not known yet: what it looks at, all that is known of that, and what it says. */
export function possibleWrites(
  needs: readonly Need<unknown>[],
  { mayWrite }: Pick<BoundTask, 'mayWrite'>,
): Need<unknown>[] {
  const looked = needs.flatMap((need) => {
    const family = families.find(({ kinds }) => kinds.has(need.kind));
    return family ? family.factsOf(need.key) : [need];
  });
  return [...looked, ...mayWrite];
}

function invalidateProvided(world: World, provides: Provides, reason: string): void {
  const { paths = [], units = [], users = [], groups = [], packages = [] } = provides;
  const fullUnits = units.map(unitName);
  const trees = paths.map((path) => path.replace(/\/$/, ''));
  world.invalidate((kind, key) => {
    if (ofPaths.has(kind)) return trees.some((tree) => key === tree || key.startsWith(`${tree}/`));
    if (ofNewUnits.includes(kind)) return fullUnits.includes(key);
    if (kind === 'user' || kind === 'group') return users.includes(key) || groups.includes(key);
    return kind === 'package' && packages.includes(key);
  }, reason);
}
