import type { Paint } from './style.ts';
import { visibleLine } from './visible.ts';

export interface Column<R> {
  readonly title: string;
  text(row: R): string;
  /** Colour of the row's cell. */
  colour?(row: R): Parameters<Paint>[0] | undefined;
}

/** Formats rows in columns as wide as their widest cell. */
export function formatTable<R>(rows: readonly R[], columns: readonly Column<R>[], paint: Paint): string {
  const textOf = (column: Column<R>, row: R) => visibleLine(column.text(row));
  const widths = columns.map((column) =>
    Math.max(column.title.length, ...rows.map((row) => textOf(column, row).length)),
  );
  const line = (cells: readonly string[], format: (cell: string, index: number) => string) =>
    cells
      .map((cell, index) =>
        format(index === cells.length - 1 ? cell : cell.padEnd(widths[index] ?? 0), index),
      )
      .join('  ')
      .trimEnd();
  const head = line(
    columns.map(({ title }) => title),
    (cell) => paint('dim', cell),
  );
  const body = rows.map((row) =>
    line(
      columns.map((column) => textOf(column, row)),
      (cell, index) => {
        const colour = columns[index]?.colour?.(row);
        return colour === undefined ? cell : paint(colour, cell);
      },
    ),
  );
  return [head, ...body].join('\n');
}
