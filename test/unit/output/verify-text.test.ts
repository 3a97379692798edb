import { expect, test } from 'vitest';
import { painter } from '../../../src/output/style.ts';
import { formatProbes, type ProbeEvent } from '../../../src/output/verify-text.ts';

const row = (probe: string, verdict: ProbeEvent['verdict']): ProbeEvent => ({
  type: 'probe',
  probe,
  where: 'n1',
  expected: 'x',
  found: 'y',
  verdict,
});
const rows = [row('a', 'fail'), row('b', 'pass'), row('c', 'warn'), row('d', 'fail')];
const shown = (given: readonly ProbeEvent[], all: boolean) =>
  formatProbes(given, painter(false), all)
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('expected'))
    .map((line) => line.split(/ {2,}/).slice(0, 2).join(' '));

test('failures are alone unless all rows are asked for, and last', () => {
  expect(shown(rows, false)).toEqual(['fail a', 'fail d', 'Verify: 1 passed, 1 warned, 2 failed']);
  expect(shown(rows, true)).toEqual([
    'pass b',
    'warn c',
    'fail a',
    'fail d',
    'Verify: 1 passed, 1 warned, 2 failed',
  ]);
});

test('where nothing failed what warns is shown, and where nothing warns the totals', () => {
  expect(shown(rows.slice(1, 3), false)).toEqual(['warn c', 'Verify: 1 passed, 1 warned, 0 failed']);
  expect(shown(rows.slice(1, 2), false)).toEqual(['Verify: 1 passed, 0 warned, 0 failed']);
});
