import { findDrift } from '../../actions/drift.ts';
import type { ExitCode } from '../../core/errors.ts';
import { formatDrift } from '../../output/drift-text.ts';
import { painter } from '../../output/style.ts';
import { bundledFile } from '../bundled.ts';
import type { RunFlags } from '../options.ts';
import { print, printJson } from '../print.ts';
import { useColour } from '../reporter.ts';
import { runPlay } from '../run-play.ts';

export async function drift(
  playbook: string | undefined,
  flags: Omit<RunFlags, 'verbose'>,
): Promise<ExitCode> {
  const what = { verb: 'drift', playbook: playbook ?? bundledFile('playbooks/site.yml') };
  const { exitCode, drifted } = await runPlay(what, { ...flags, verbose: 0, json: false }, (request) =>
    findDrift({
      ...request,
      // The plan is shown in a form of its own.
      emit: (event) => {
        if (event.type === 'warning' || event.type === 'host') request.emit(event);
      },
    }),
  );
  if (flags.json) drifted.forEach((item) => printJson(item));
  else if (drifted.length === 0) print('every host is as drover has left it, and as it is to be');
  else print(formatDrift(drifted, painter(useColour(flags.color, process.stdout)), flags.diff ?? false));
  return exitCode;
}
