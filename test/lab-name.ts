/**
 * The name of a test's lab. DROVER_LABS (at most 3 characters) begins all of them, so that suites of two working copies
 * can run side by side; the number is that of vitest's worker, two of which have a lab each.
 */
export function labName(part = ''): string {
  return `${process.env['DROVER_LABS'] ?? 'e2e'}${process.env['VITEST_POOL_ID'] ?? 1}${part}`;
}
