import { isApiKind } from '../../facts/api.ts';
import type { Need } from '../../facts/need.ts';
import type { Instance } from '../tasks/instance.ts';
import type { HostNeed } from '../hosts/fleet.ts';

/** A need with the task that has it, by the task's position in the run. */
export interface Interest extends HostNeed {
  readonly task: number;
}

/** What is worth collecting on a host after these have been carried out: their needs, and those of the tasks to come. */
export function worthKnowing(
  interests: readonly Interest[],
  name: string,
  instances: readonly Instance[],
): Need<unknown>[] {
  const last = Math.max(...instances.map(({ task }) => task.id));
  const ahead = interests.filter(({ host, task }) => host === name && task >= last).map(({ need }) => need);
  const all = new Set([...instances.flatMap(({ needs }) => needs), ...ahead]);
  return [...all].filter((need) => !isApiKind(need.kind) && (need.host === undefined || need.host === name));
}
