import { findDrift } from '../../actions/drift.ts';
import type { ExitCode } from '../../core/errors.ts';
import { formatDrift } from '../../output/drift-text.ts';
import { painter } from '../../output/style.ts';
import type { RunFlags } from '../options.ts';
import { bundledFile, playRequest, useColour } from '../request.ts';

export async function drift(playbook: string | undefined, flags: RunFlags): Promise<ExitCode> {
  const site = bundledFile('playbooks/site.yml');
  const request = await playRequest('drift', playbook ?? site, { ...flags, json: false }, true);
  const { exitCode, drifted } = await findDrift({
    ...request,
    // The plan is told in another way.
    emit: (event) => {
      if (event.type === 'warning' || event.type === 'host') request.emit(event);
    },
  });
  await request.reporter.finish();
  const print = (text: string) => process.stdout.write(`${text}\n`);
  if (flags.json) drifted.forEach((item) => print(JSON.stringify(item)));
  else if (drifted.length === 0) print('every host is as drover has left it, and as it is to be');
  else print(formatDrift(drifted, painter(useColour(flags.color, process.stdout)), flags.diff ?? false));
  return exitCode;
}
