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
    text: ({ expected, found }) => (found === expected ? 'as expected' : found),
    colour: ({ verdict }) => (verdict === 'pass' ? undefined : colours[verdict]),
  },
];

const order = ['pass', 'warn', 'fail'] as const;

/** What failed, or where nothing did, what warns, or all rows with what failed last; and the totals. */
export function formatProbes(rows: readonly ProbeEvent[], paint: Paint, all: boolean): string {
  const by = (verdict: ProbeEvent['verdict']) => rows.filter((row) => row.verdict === verdict);
  const totals = `${by('pass').length} passed, ${by('warn').length} warned, ${by('fail').length} failed`;
  const hasFailed = by('fail').length > 0;
  const shown = all ? order.flatMap(by) : by(hasFailed ? 'fail' : 'warn');
  return [
    ...(shown.length === 0 ? [] : [formatTable(shown, columns, paint), '']),
    paint(hasFailed ? 'red' : 'bold', `Verify: ${totals}`),
  ].join('\n');
}
