import type { ClusterStatus, ComponentStatus, StatusRow } from '../cluster/status.ts';
import type { Paint } from './style.ts';
import { formatTable, type Column } from './table.ts';

/** The cluster in the terms of `patronictl list`, and a table for each of its components that has hosts. */
export function formatStatus(status: ClusterStatus, paint: Paint): string {
  const { cluster, identifier, paused, scheduled, tables } = status;
  const more = [
    ...(paused ? ['paused'] : []),
    ...(scheduled ? [`a switchover${showTarget(scheduled)} is scheduled for ${scheduled.at}`] : []),
  ];
  const title = paint('bold', [`${cluster} (${identifier})`, ...more].join(', '));
  const [first, ...others] = tables.filter(({ rows }) => rows.length > 0);
  const texts = others.flatMap((table) => ['', formatComponent(table, paint)]);
  return [title, ...(first ? [formatComponent(first, paint)] : []), ...texts].join('\n');
}

function showTarget({ to }: NonNullable<ClusterStatus['scheduled']>): string {
  return to === null ? '' : ` to ${to}`;
}

function formatComponent({ title, columns, rows }: ComponentStatus, paint: Paint): string {
  const own = columns.map((column): Column<StatusRow> => {
    const text = ({ cells }: StatusRow) => cells[column.key] ?? '';
    return { title: column.title, text, colour: (row) => column.colour?.(text(row)) };
  });
  return formatTable(
    rows,
    [{ title, text: ({ name }) => name }, { title: 'address', text: ({ address }) => address }, ...own],
    paint,
  );
}
