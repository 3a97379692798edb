import type { Seen } from './look.ts';
import type { ClusterHost } from './place.ts';

export interface StatusColumn {
  /** Of its cells, in the JSON too. */
  readonly key: string;
  readonly title: string;
  colour?(text: string): 'green' | 'yellow' | 'red' | undefined;
}

/** A component's table in `drover status`: a row for each of its hosts, after their names and addresses. */
export interface StatusTable<S, T> {
  /** Its key in the JSON. */
  readonly key: string;
  /** Title of the first column. */
  readonly title: string;
  readonly columns: readonly StatusColumn[];
  cells(host: ClusterHost, seen: Seen<S, T>): Readonly<Record<string, string>>;
}

/** Of components that have a leader. */
export const roleColumn: StatusColumn = {
  key: 'role',
  title: 'role',
  colour(role) {
    if (role === 'leader') return 'green';
    return role === '?' || role === 'silent' ? 'red' : undefined;
  },
};
