import { didYouMean } from '../../core/diagnostics.ts';
import { InvalidInputError } from '../../core/errors.ts';
import type { Outage } from '../timing.ts';
import type { ClusterView, MemberView } from '../view.ts';

/** What stands against an operation, and what to do about it. */
export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

/** One step of an operation, as it is shown before. */
export interface PlannedStep {
  readonly what: string;
  /** What is interrupted meanwhile. */
  readonly disrupts?: string;
}

/** What an operation would do. Without steps there is nothing to do, and the notes say why. */
export interface OperationPlan {
  readonly steps: readonly PlannedStep[];
  readonly refusals: readonly Refusal[];
  /** For writes; undefined when they go on. */
  readonly outage?: Outage;
  readonly notes: readonly string[];
}

/** A plan that finds everything as it should be. */
export function nothingToDo(why: string): OperationPlan {
  return { steps: [], refusals: [], notes: [why] };
}

/** The member of this name; an unknown one is the user's mistake. */
export function memberNamed({ members }: ClusterView, name: string): MemberView {
  const found = members.find((member) => member.name === name);
  if (found) return found;
  const names = members.map((member) => member.name);
  throw new InvalidInputError([
    { message: `no database member is called "${name}"`, ...didYouMean(name, names) },
  ]);
}
