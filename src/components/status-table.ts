import type { Seen } from './look.ts';
import type { ClusterHost } from './place.ts';

/** In the JSON as it is here: null is what nobody has told, or what this host does not have. */
type Cell = string | number | boolean | null | readonly string[];
export type Cells = Readonly<Record<string, Cell>>;

export interface StatusColumn {
  /** Of its cells, in the JSON too. */
  readonly key: string;
  readonly title: string;
  /** What people see; the cell as it is, and `?` for null, unless said. */
  show?(cells: Cells): string;
  colour?(text: string): 'green' | 'yellow' | 'red' | undefined;
}

/** Why the cluster is not whole. */
export interface StatusProblem {
  /** The host, or the cluster. */
  readonly where: string;
  readonly what: string;
}

/** A component's table in `drover status`: a row for each of its hosts, after their names and addresses. */
export interface StatusTable<S, T> {
  /** Its key in the JSON. */
  readonly key: string;
  /** Title of the first column. */
  readonly title: string;
  readonly columns: readonly StatusColumn[];
  /** Whether the host’s service itself has answered. */
  answers(host: ClusterHost, seen: Seen<S, T>): boolean;
  /** Cells without a column are the JSON’s only. */
  cells(host: ClusterHost, seen: Seen<S, T>): Cells;
  /** What is not as it is in a whole cluster. Who does not answer need not be named again. */
  problems(seen: Seen<S, T>): readonly StatusProblem[];
}

export function showCell(column: StatusColumn, cells: Cells): string {
  if (column.show) return column.show(cells);
  const cell = cells[column.key] ?? null;
  if (cell === null) return '?';
  return typeof cell === 'object' ? cell.join(', ') : String(cell);
}

/** Of components that have a leader. */
export const roleColumn: StatusColumn = {
  key: 'role',
  title: 'role',
  colour(role) {
    if (role === 'leader') return 'green';
    return role === '?' ? 'red' : undefined;
  },
};
