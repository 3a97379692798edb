import { endPause } from '../../actions/pause.ts';
import { findResumable, resume as resumeRun } from '../../actions/resume.ts';
import type { ExitCode } from '../../core/errors.ts';
import { bundledFile } from '../bundled.ts';
import type { OperationFlags, RunFlags } from '../options.ts';
import { journalRequest } from '../request.ts';
import { runOperation } from '../run-operation.ts';
import { runPlay } from '../run-play.ts';
import { report } from './provision.ts';

type ResumeFlags = OperationFlags &
  Omit<RunFlags, 'limit' | 'tags' | 'skipTags' | 'lockTimeout'> & { readonly verify: boolean };

/** Resumes a run, or ends a pause. */
export async function resume(run: string | undefined, flags: ResumeFlags): Promise<ExitCode> {
  if (run === undefined) return runOperation(flags, (request) => endPause(request, commandFor(flags)));
  const journal = await journalRequest(flags);
  const { verb, playbook, ...selected } = await findResumable(journal, run, bundledFile);
  const what = { verb, playbook, connection: journal.connection };
  const resumed = await runPlay(what, { ...flags, ...selected }, (request) => resumeRun(request, run, flags));
  return report(resumed, flags);
}

/** The command that resumes a run. */
function commandFor({ inventory }: ResumeFlags) {
  return (run: string, extraVars: readonly string[]) =>
    [
      `drover resume ${run}`,
      ...inventory.map((source) => `-i ${source}`),
      ...extraVars.map((name) => `-e ${name}=…`),
    ].join(' ');
}
