import type { Ask } from './ask.ts';
import type { ClusterOutline, Placed } from './place.ts';
import type { DatabaseRole } from './database-role.ts';

/** Where a component is looked at. */
export interface Look<S> extends Placed<S> {
  readonly ask: Ask;
  readonly cluster: ClusterOutline;
}

/** What was seen of a component at one moment. */
export interface Seen<S, T> extends Placed<S> {
  readonly cluster: ClusterOutline;
  /** By host. */
  readonly states: ReadonlyMap<string, T>;
  /** Members that lead the database by their own word; one in a healthy cluster. */
  readonly leaders: readonly string[];
  /** Members of the database that have answered. */
  readonly answering: readonly string[];
}

/** The member that leads; undefined where nobody does, or several: then nothing is to be expected of roles. */
export function soleLeader({ leaders }: { readonly leaders: readonly string[] }): string | undefined {
  return leaders.length === 1 ? leaders[0] : undefined;
}

/** What probes go by. */
export interface ProbeLook<S, T> extends Seen<S, T> {
  readonly ask: Ask;
  readonly sql: DatabaseRole;
  /** Write nothing. */
  readonly readOnly: boolean;
}
