import { setPause } from '../../actions/pause.ts';
import { findResumable, resuming } from '../../actions/resume.ts';
import type { ExitCode } from '../../core/errors.ts';
import { runOperation } from '../operation.ts';
import type { RunFlags } from '../options.ts';
import { bundledFile, playRequest } from '../request.ts';
import { journalRequest } from './history.ts';
import { playBook } from './play.ts';
import { provisionBy } from './provision.ts';
import { upgradeBy } from './upgrade.ts';

type ResumeFlags = Omit<RunFlags, 'limit' | 'tags' | 'skipTags'> & { readonly verify: boolean };

/** Goes on with a run, or ends a pause. */
export async function resume(run: string | undefined, flags: ResumeFlags): Promise<ExitCode> {
  if (run === undefined) return runOperation(flags, (request) => setPause(request, false, commandFor(flags)));
  const journal = await journalRequest(flags);
  const { verb, playbook, ...selected } = await findResumable(journal, run, bundledFile);
  const request = await playRequest(verb, playbook, { ...flags, ...selected }, false, journal.connection);
  const resumed = { ...request, ...resuming(request, run) };
  switch (verb) {
    case 'provision':
      return provisionBy(resumed, flags);
    case 'upgrade':
      return upgradeBy(resumed, flags);
    default:
      return playBook(resumed);
  }
}

/** The command that goes on with a run. */
function commandFor({ inventory }: ResumeFlags) {
  return (run: string, extraVars: readonly string[]) =>
    [
      `drover resume ${run}`,
      ...inventory.map((source) => `-i ${source}`),
      ...extraVars.map((name) => `-e ${name}=…`),
    ].join(' ');
}
