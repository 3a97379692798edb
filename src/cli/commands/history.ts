import { findRun, readHistory } from '../../actions/journals.ts';
import { exitCodes, type ExitCode } from '../../core/errors.ts';
import { formatRun, formatRuns } from '../../output/history-text.ts';
import { painter } from '../../output/style.ts';
import type { ConnectionFlags, InputFlags } from '../options.ts';
import { useColour } from '../reporter.ts';
import { journalRequest } from '../request.ts';

// How many runs are shown without -n.
const defaultCount = 20;

export async function history(
  run: string | undefined,
  flags: InputFlags & ConnectionFlags & { count?: number },
): Promise<ExitCode> {
  const found = await readHistory(await journalRequest(flags), run);
  const { runs, silent } = found;
  const paint = painter(useColour(flags.color, process.stdout));
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const exitCode = silent.length === 0 ? exitCodes.ok : exitCodes.unreachable;
  if (run !== undefined) {
    const past = findRun(found, run);
    print(flags.json ? JSON.stringify(past) : formatRun(past, paint));
    return exitCode;
  }
  const shown = runs.slice(0, flags.count ?? defaultCount);
  if (flags.json) shown.forEach((past) => print(JSON.stringify(past)));
  else if (shown.length > 0) print(formatRuns(shown, paint));
  else process.stderr.write('no host’s journal knows a run\n');
  if (!flags.json && shown.length < runs.length)
    process.stderr.write(`${runs.length - shown.length} older ones: -n ${runs.length} shows them\n`);
  return exitCode;
}
