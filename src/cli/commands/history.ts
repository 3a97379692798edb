import { findRun, readHistory } from '../../actions/journals.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import { formatRun, formatRuns } from '../../output/history-text.ts';
import { painter } from '../../output/style.ts';
import type { BecomeFlags, InputFlags, LoginFlags, OutputFlags } from '../options.ts';
import { print, printJson, say } from '../print.ts';
import { useColour } from '../reporter.ts';
import { journalRequest } from '../request.ts';

// How many runs are shown without -n.
const defaultCount = 20;

export async function history(
  run: string | undefined,
  flags: InputFlags & LoginFlags & BecomeFlags & Omit<OutputFlags, 'verbose'> & { count?: number },
): Promise<ExitCode> {
  const found = await readHistory(await journalRequest(flags), run);
  const { runs, silent } = found;
  const paint = painter(useColour(flags.color, process.stdout));
  const exitCode = silent.length === 0 ? exitCodes.ok : exitCodes.unreachable;
  if (run !== undefined) {
    const past = findRun(found, run);
    if (flags.json) printJson(past);
    else print(formatRun(past, paint));
    return exitCode;
  }
  const shown = runs.slice(0, flags.count ?? defaultCount);
  if (flags.json) shown.forEach((past) => printJson(past));
  else if (shown.length > 0) print(formatRuns(shown, paint));
  else say('no host’s journal knows a run');
  if (!flags.json && shown.length < runs.length)
    say(`${runs.length - shown.length} older ones: -n ${runs.length} shows them`);
  return exitCode;
}
