import type { RunEvent } from '../engine/events.ts';
import type { Paint } from './style.ts';
import { formatTable, type Column } from './table.ts';

export type ProbeEvent = Extract<RunEvent, { type: 'probe' }>;

const colours = { pass: 'green', warn: 'yellow', fail: 'red' } as const;

const columns: readonly Column<ProbeEvent>[] = [
  { title: '', text: ({ verdict }) => verdict, colour: ({ verdict }) => colours[verdict] },
  { title: 'what', text: ({ probe }) => probe },
  { title: 'where', text: ({ where }) => where },
  { title: 'expected', text: ({ expected }) => expected },
  {
    title: 'found',
    text: ({ found }) => found,
    colour: ({ verdict }) => (verdict === 'pass' ? undefined : colours[verdict]),
  },
];

/** The table of `verify`, and its totals. */
export function formatProbes(rows: readonly ProbeEvent[], paint: Paint): string {
  const count = (verdict: ProbeEvent['verdict']) => rows.filter((row) => row.verdict === verdict).length;
  const sum = `${count('pass')} passed, ${count('warn')} warned, ${count('fail')} failed`;
  return `${formatTable(rows, columns, paint)}\n\n${paint(count('fail') > 0 ? 'red' : 'bold', `Verify: ${sum}`)}`;
}
