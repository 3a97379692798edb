import type { Task } from '../../config/playbook/model.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { identify } from '../../facts/need.ts';
import { NotYetKnown } from '../../vars/scope.ts';
import { TemplateError } from '../../vars/template.ts';
import { possibleWrites } from './effects.ts';
import { bindTask, conditionsHold, expandLoop, type Instance } from './instance.ts';
import type { WalkOptions } from './strategy.ts';

/**
 * The instances of a task of which something is not known yet, those included that a condition may rule out.
 * Undefined where what they may write depends on that.
 */
export function bindOpenTask(task: Task, walk: WalkOptions): Instance[] | undefined {
  const items = ifKnown(() => expandLoop(task, walk.scope(task)));
  const instances = items
    ?.filter(({ scope }) => ifKnown(() => conditionsHold(task.when, scope)) !== false)
    .map((item) => {
      // Whatever takes the place of what is not known: it has to come to the same.
      const [one, other] = ['a', 'b'].map((open) => ifKnown(() => bindTask(task, item, walk, open)));
      return one && other && mayWrite(one) === mayWrite(other) ? one : undefined;
    });
  return instances?.every((instance) => instance !== undefined) ? instances : undefined;
}

function mayWrite({ needs, bound, provides }: Instance): string {
  return JSON.stringify([possibleWrites(needs, bound).map(identify), provides]);
}

/** What the work gives; undefined where that is not known yet, or is for the run to refuse. */
function ifKnown<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof NotYetKnown || error instanceof TemplateError || error instanceof InvalidInputError)
      return undefined;
    throw error;
  }
}
