import { count } from '../core/count.ts';
import type { ClusterStatus, ComponentStatus, StatusRow } from '../cluster/status.ts';
import { showCell } from '../components/status-table.ts';
import type { Paint } from './style.ts';
import { formatTable, type Column } from './table.ts';

/** The cluster in the terms of `patronictl list`, and a table for each of its components that has hosts. */
export function formatStatus(status: ClusterStatus, paint: Paint): string {
  const { cluster, identifier, at, paused, scheduled, tables } = status;
  const more = [
    `${at.slice(0, 19).replace('T', ' ')} UTC`,
    ...(paused ? ['paused'] : []),
    ...(scheduled ? [`a switchover${showTarget(scheduled)} is scheduled for ${scheduled.at}`] : []),
  ];
  const title = paint('bold', [`${cluster} (${identifier ?? 'no identifier'})`, ...more].join(', '));
  const [first, ...others] = tables.filter(({ rows }) => rows.length > 0);
  const texts = others.flatMap((table) => ['', formatComponent(table, paint)]);
  return [
    title,
    ...(first ? [formatComponent(first, paint)] : []),
    ...texts,
    '',
    formatVerdict(status, paint),
  ].join('\n');
}

function showTarget({ to }: NonNullable<ClusterStatus['scheduled']>): string {
  return to === null ? '' : ` to ${to}`;
}

/** What answered, and by host what is against it. */
function formatVerdict({ asked, answered, whole, problems }: ClusterStatus, paint: Paint): string {
  const said = `${answered} of ${count(asked, 'service')} answered`;
  if (whole) return paint('green', `whole: ${said}`);
  const wheres = [...new Set(problems.map(({ where }) => where))];
  const lines = wheres.map((where) => {
    const whats = problems.filter((problem) => problem.where === where).map(({ what }) => what);
    return `  ${where}: ${whats.join(', ')}`;
  });
  return [paint('red', `not whole: ${said}`), ...lines].join('\n');
}

function formatComponent({ title, columns, rows }: ComponentStatus, paint: Paint): string {
  const own = columns.map((column): Column<StatusRow> => {
    const text = ({ cells }: StatusRow) => showCell(column, cells);
    return { title: column.title, text, colour: (row) => column.colour?.(text(row)) };
  });
  return formatTable(
    rows,
    [{ title, text: ({ name }) => name }, { title: 'address', text: ({ address }) => address }, ...own],
    paint,
  );
}
