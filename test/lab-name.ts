/**
 * The name of a test's lab. DROVER_LABS (at most 3 characters) begins all of them, so that suites of two working copies
 * can run side by side.
 */
export function labName(part = ''): string {
  return `${process.env['DROVER_LABS'] ?? 'e2e'}${part}`;
}
