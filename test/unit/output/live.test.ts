import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveReporter } from '../../../src/output/live.ts';

const { isTTY } = process.stdout;
// What decides whether lines are redrawn at all.
beforeEach(() => void (process.stdout.isTTY = true));
afterEach(() => void (process.stdout.isTTY = isTTY));

test('phases that follow each other at once all come to their end', async () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
  terminal.resume();
  const reporter = liveReporter(
    { colour: false, verbosity: 0, diff: false },
    terminal as unknown as NodeJS.WriteStream,
  );
  for (const phase of ['connect', 'collect', 'plan', 'apply', 'verify'] as const)
    reporter.event({ type: 'phase', phase });
  await expect(reporter.finish()).resolves.toBeUndefined();
});
