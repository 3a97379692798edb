import { expect, test } from 'vitest';
import { parseIni } from '../../../src/config/inventory/ini.ts';

test('a long run of spaces in a value takes no time', () => {
  const value = `x${' '.repeat(50_000)}y`;
  const began = performance.now();
  const { lines, diagnostics } = parseIni({ path: 'hosts', text: `[all:vars]\nwide=${value}\n` });
  expect(performance.now() - began).toBeLessThan(500);
  expect(diagnostics).toEqual([]);
  expect(lines.at(-1)).toMatchObject({ kind: 'vars', entry: { key: 'wide', value: { value } } });
});
