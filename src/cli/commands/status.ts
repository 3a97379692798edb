import { setTimeout as delay } from 'node:timers/promises';
import { withCluster } from '../../actions/cluster.ts';
import { readStatus } from '../../actions/status.ts';
import { statusJson } from '../../cluster/status.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import { formatStatus } from '../../output/status-text.ts';
import { painter } from '../../output/style.ts';
import type { InputFlags, LoginFlags, OutputFlags } from '../options.ts';
import { clearScreen, print, printJson, say } from '../print.ts';
import { useColour } from '../reporter.ts';
import { clusterRequest } from '../request.ts';

// Interval of --watch, in milliseconds.
const interval = 2_000;

export async function status(
  flags: InputFlags & LoginFlags & Omit<OutputFlags, 'verbose'> & { watch?: boolean },
): Promise<ExitCode> {
  const request = await clusterRequest(flags, (event) => {
    if (event.type === 'host' && event.state === 'unreachable') say(event.message ?? event.host);
  });
  const paint = painter(useColour(flags.color, process.stdout));
  return withCluster(request, async (run, topology) => {
    for (;;) {
      const { status: found, exitCode } = await readStatus(run, topology);
      // On a terminal each status replaces the previous one; elsewhere they follow each other.
      if (flags.watch) clearScreen(process.stdout);
      if (flags.json) printJson(statusJson(found));
      else print(formatStatus(found, paint));
      if (!flags.watch) return exitCode;
      await delay(interval, undefined, { signal: request.signal }).catch(() => undefined);
      if (request.signal.aborted) return exitCodes.interrupted;
      if (!process.stdout.isTTY && !flags.json) print('');
    }
  });
}
