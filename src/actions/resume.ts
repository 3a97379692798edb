import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidInputError } from '../core/errors.ts';
import { isResumable, type PastRun } from '../engine/journal/history.ts';
import type { RunRequest } from '../engine/journal/journal-line.ts';
import type { Run } from '../engine/run.ts';
import { describePast } from '../output/history-text.ts';
import { findRun, readHistory, readRuns, type JournalRequest } from './journals.ts';
import { loadHosts } from './load.ts';
import { play, type PlayRequest } from './play.ts';
import { provision, type Provisioned } from './provision.ts';
import { upgrade } from './upgrade.ts';

/** What to run again to resume a run. */
interface Resumption {
  readonly verb: string;
  readonly playbook: string;
  readonly limit?: string;
  readonly tags: string[];
  readonly skipTags: string[];
}

/**
 * Finds a run in the hosts' journals, with its playbook and options. Throws if it has finished or cannot be resumed;
 * whether it is still running shows when the lock is taken. `bundled` finds playbooks that ship with drover.
 */
export async function findResumable(
  request: JournalRequest,
  run: string,
  bundled: (path: string) => string,
): Promise<Resumption> {
  const past = findRun(await readHistory(request, run), run);
  const { inventory, variables } = loadHosts('all', request.input);
  return resumptionOf(past, { folder: inventory.folder, extraVars: variables.extra, bundled });
}

interface Surroundings {
  /** The inventory's folder: the journal has the playbook's path relative to it. */
  readonly folder: string;
  /** The variables of `-e` that are given this time. */
  readonly extraVars: ReadonlyMap<string, unknown>;
  /** Path of a playbook that ships with drover. */
  readonly bundled: (path: string) => string;
}

/** What to run again to resume a run of the journals. */
export function resumptionOf(past: PastRun, { folder, extraVars, bundled }: Surroundings): Resumption {
  const { run } = past;
  if (past.outcome !== 'running') refuseUnlessResumable(past);
  const asked = past.request;
  if (!asked?.playbook)
    throw refuse(`run ${run} was no run of a playbook`, 'drover status shows how the cluster is now');
  const missing = (asked.extraVars ?? []).filter((name) => !extraVars.has(name));
  if (missing.length > 0) {
    throw refuse(
      `run ${run} was given variables by -e, and their values are not kept: ${missing.join(', ')}`,
      `give them again: drover resume ${run} ${missing.map((name) => `-e ${name}=…`).join(' ')}`,
    );
  }
  return {
    verb: asked.verb,
    playbook: findPlaybook(run, asked.playbook, folder, bundled),
    ...(asked.limit === undefined ? {} : { limit: asked.limit }),
    tags: asked.tags ?? [],
    skipTags: asked.skipTags ?? [],
  };
}

/** Resumes a run with the verb that started it. */
export async function resume(
  request: PlayRequest,
  run: string,
  options: { readonly verify: boolean },
): Promise<Provisioned> {
  const resumed = resuming(request, run);
  switch (request.verb) {
    case 'provision':
      return provision(resumed, options);
    case 'upgrade':
      return { exitCode: await upgrade(resumed, options) };
    default:
      return { exitCode: await play(resumed) };
  }
}

/** Once it has the lock: refuses if the run has finished meanwhile, and names the changes that are in doubt. */
function resuming(request: PlayRequest, run: string): PlayRequest {
  const warn = (message: string) => request.emit({ type: 'warning', message });
  return {
    ...request,
    resumes: run,
    async inspectPlan(_plan, its: Run) {
      const past = (await readRuns(its.rooted, warn, run)).find((each) => each.run === run);
      // With -C nothing is locked, so the run may still be under way.
      if (!past || request.planOnly) return;
      refuseUnlessResumable(past);
      for (const change of past.changes.filter(({ state }) => state === 'doubt')) {
        warn(
          `${change.host}: in doubt: ${describePast(change)}, begun ${change.time.slice(11, 19)}; it was looked at anew for this plan`,
        );
      }
    },
  };
}

function refuseUnlessResumable(past: PastRun): void {
  const { run, outcome, resumedBy } = past;
  if (isResumable(past)) return;
  if (resumedBy !== undefined)
    throw refuse(
      `run ${run} was gone on with by run ${resumedBy}`,
      `drover history ${resumedBy} shows how that ended, and drover resume ${resumedBy} goes on with it if it did not`,
    );
  if (outcome === 'done')
    throw refuse(`run ${run} is done`, 'drover plan shows whether anything is left to be changed');
  throw refuse(
    `run ${run} was ${past.command}, which has no playbook`,
    'drover status shows how the cluster is now; run the command again',
  );
}

function findPlaybook(
  run: string,
  { path, beside, bundled }: NonNullable<RunRequest['playbook']>,
  folder: string,
  find: (path: string) => string,
): string {
  const candidates = bundled === undefined ? [resolve(folder, beside), path] : [find(bundled)];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw refuse(
    `the playbook of run ${run} is not at ${candidates.join(', nor at ')}`,
    'put it there, or run it by drover play',
  );
}

function refuse(message: string, hint: string): InvalidInputError {
  return new InvalidInputError([{ message, hint }]);
}
