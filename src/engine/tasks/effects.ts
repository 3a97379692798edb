import type { Provides } from '../../config/playbook/model.ts';
import { unitName } from '../../facts/unit.ts';
import type { Write } from '../../plan/change.ts';
import type { Need } from '../../facts/need.ts';
import type { BoundTask } from '../../modules/define-module.ts';
import type { Instance } from './instance.ts';
import { ofFiles, type World } from '../hosts/world.ts';

/** What a package that brings a unit changes; it has systemd read its files itself. */
const ofNewUnits = ['unit', 'restart-record'];
const ofUnits = [...ofNewUnits, 'active', 'daemon-reload'];
const ofAccounts = ['user', 'group'];
/** Kinds of facts about one thing: what changes one of them may change the others. */
const families = [ofFiles, ofUnits, ofAccounts];

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
  takeEffect(world, instance, [...(module.wide ? ['*' as const] : []), ...possibleWrites(own, bound)]);
}

/** What a task may write that is not known yet: what it looks at, all that is known of that, and what it says. */
export function possibleWrites(
  needs: readonly Need<unknown>[],
  { mayWrite }: Pick<BoundTask, 'mayWrite'>,
): Exclude<Write, '*'>[] {
  const looked = needs.flatMap(({ kind, key }) => {
    const family = families.find((kinds) => kinds.includes(kind)) ?? [kind];
    return family.map((each) => ({ kind: each, key }));
  });
  return [...looked, ...mayWrite];
}

function invalidateProvided(world: World, provides: Provides, reason: string): void {
  const { paths = [], units = [], users = [], groups = [], packages = [] } = provides;
  const fullUnits = units.map(unitName);
  const trees = paths.map((path) => path.replace(/\/$/, ''));
  world.invalidate((kind, key) => {
    if (ofFiles.includes(kind)) return trees.some((tree) => key === tree || key.startsWith(`${tree}/`));
    if (ofNewUnits.includes(kind)) return fullUnits.includes(key);
    if (ofAccounts.includes(kind)) return users.includes(key) || groups.includes(key);
    return kind === 'package' && packages.includes(key);
  }, reason);
}
