// A file for each verb: its steps, from top to bottom. None prints; options and questions are cli/'s.
import { relative, resolve } from 'node:path';
import {
  DroverError,
  exitCodes,
  InterruptedError,
  maskError,
  messageOf,
  worstExitCode,
  type ExitCode,
} from '../core/errors.ts';
import { Vault } from '../core/secrets.ts';
import { guideOf } from '../cluster/guide.ts';
import type { Emit } from '../engine/events.ts';
import { Journal, type JournalOptions } from '../engine/journal/journal.ts';
import type { Plan } from '../engine/planning/plan.ts';
import type { HostChange } from '../engine/tasks/outcome.ts';
import { Run } from '../engine/run.ts';
import { needLastApplied } from '../engine/drift/last-applied.ts';
import type { ConnectionOptions } from '../transport/target.ts';
import { topologyIn } from './cluster.ts';
import { Connector } from './connect.ts';
import { loadRun, tagSelector, type InputOptions, type LoadedRun } from './load.ts';
import { interruptsPostgres, measurePlay } from './measure.ts';
import { SecretKeeper } from './secrets.ts';
import { judgeLeaders } from './split.ts';
import { judgeStrangers } from './strangers.ts';

/** Everything a run of a playbook needs. */
export interface PlayRequest {
  readonly id: string;
  /** The command line as typed, without secrets, for the journal and for whoever waits for the lock. */
  readonly command: string;
  readonly verb: string;
  readonly playbook: string;
  /** The playbook's path relative to drover, if it ships with drover. */
  readonly bundled?: string;
  /** The run that this one resumes. */
  readonly resumes?: string;
  readonly input: InputOptions;
  readonly connection: ConnectionOptions;
  readonly forks: number;
  readonly become: boolean;
  readonly lockTimeout: number;
  readonly skipUnreachable: boolean;
  /** Show what would change, and change nothing. */
  readonly planOnly: boolean;
  /** Also read what the hosts' tasks last applied. */
  readonly looksForDrift?: boolean;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  confirm(question: string, changes: readonly HostChange[]): Promise<boolean>;
  /** Part of an operation, and resumed by running that operation again. */
  readonly isPart?: boolean;
  /** Inspects the plan before anything is done; throws if it must not be carried out. */
  inspectPlan?(plan: Plan, run: Run): void | Promise<void>;
  /** Runs after everything was applied, while the hosts are still connected. */
  afterwards?(run: Run, loaded: LoadedRun): Promise<ExitCode>;
}

/** What the changes interrupt, one line each. */
export function disruptsOf(changes: readonly HostChange[]): string[] {
  return changes.map(
    ({ host, change }) =>
      `${host}: ${change.action} ${change.resource}: interrupts ${change.disrupts ?? 'it'}`,
  );
}

/** Plans a playbook and, unless only the plan is asked for, applies it. */
export async function play(request: PlayRequest): Promise<ExitCode> {
  const { playbook, input, planOnly, emit } = request;
  const loaded = loadRun(playbook, input, planOnly);
  const vault = new Vault();
  loaded.keys.maskIn(vault);
  const secrets = new SecretKeeper(loaded, vault, planOnly);
  const connector = new Connector(
    loaded.variables,
    request.connection,
    request.forks,
    request.signal,
    loaded.plays,
  );
  const journal = planOnly ? undefined : new Journal(journalOptions(request, loaded, vault));
  const run: Run = new Run({
    ...request,
    ...(journal ? { journal } : {}),
    plays: loaded.plays,
    variables: loaded.variables,
    vault,
    keys: loaded.keys,
    secrets: secrets.layer,
    connect: connector.connect,
    selects: tagSelector(input),
    needsBeside: () => [
      ...secrets.needs(),
      ...(planOnly && !request.looksForDrift
        ? []
        : run.rooted.map(({ name: host }) => ({ host, need: needLastApplied }))),
    ],
    inspect: (fleet) => secrets.inspect(fleet),
    around: (own, reports, work) =>
      interruptsPostgres(reports)
        ? measurePlay(own, topologyIn(own, loaded), request.id, emit, work)
        : work(),
    guide: (own) => guideOf(own.fleet, topologyIn(own, loaded)),
  });
  emit({ type: 'run', verb: planOnly ? 'plan' : 'play', source: playbook, hosts: run.hosts });
  let plan: Plan | undefined;
  try {
    await run.connect();
    await secrets.prepare(run.fleet);
    plan = await lockAndPlan(run, planOnly);
    await judgeLeaders(run, loaded);
    run.refuseFailures(plan);
    judgeStrangers(run, loaded, plan, input.without, emit);
    await request.inspectPlan?.(plan, run);
    if (planOnly) return finish(run.recap(plan), emit);
    secrets.keep();
    if (plan.hasChanges) await run.apply(plan);
    else run.accept(plan);
    // The resumed run must show as finished, even if nothing was left to do.
    if (request.resumes !== undefined && journal?.isEmpty) await run.begin();
    // The recap does not count what follows.
    const recap = run.recap();
    const after = run.errors.length === 0 ? await request.afterwards?.(run, loaded) : undefined;
    const exitCode = finish(recap, emit, after);
    const isComplete = input.tags.length + input.skipTags.length === 0;
    const lastApplied = run.errors.length === 0 ? run.keepLastApplied(isComplete) : undefined;
    await journal?.end(exitCode, run.errors.map(messageOf).join('\n') || undefined, lastApplied);
    return exitCode;
  } catch (error) {
    const exitCode = error instanceof DroverError ? error.exitCode : exitCodes.internal;
    if (error instanceof InterruptedError || plan) finish(run.recap(plan, !planOnly), emit, exitCode);
    await journal?.end(exitCode, messageOf(error));
    throw maskError(error, (text) => vault.redact(text));
  } finally {
    await run.close();
    await connector.close();
  }
}

function journalOptions(
  { id, command, verb, playbook, bundled, input, resumes, isPart }: PlayRequest,
  { inventory, plays, extraVars }: LoadedRun,
  vault: Vault,
): JournalOptions {
  const { limit, tags, skipTags } = input;
  const path = resolve(playbook);
  const beside = relative(inventory.folder, path);
  const request = {
    verb,
    ...(isPart ? {} : { playbook: { path, beside, ...(bundled === undefined ? {} : { bundled }) } }),
    ...(limit === undefined ? {} : { limit }),
    tags: [...tags],
    skipTags: [...skipTags],
    extraVars: [...extraVars],
    hosts: [...new Set(plays.flatMap(({ limited }) => limited))],
    ...(resumes === undefined ? {} : { resumes }),
  };
  return { run: id, command, request, vault };
}

/** Takes the lock in the same round trip as the first facts; if it had to wait, those facts are stale. */
async function lockAndPlan(run: Run, planOnly: boolean): Promise<Plan> {
  if (planOnly) return run.plan();
  const [waited, plan] = await Promise.all([run.lock(), run.collectAndPlan()]);
  if (waited) run.forget();
  return run.show(await run.comeToRest(waited ? await run.collectAndPlan() : plan));
}

function finish(
  { exitCode, hosts }: ReturnType<Run['recap']>,
  emit: Emit,
  other: ExitCode = exitCodes.ok,
): ExitCode {
  const worst = worstExitCode([exitCode, other]);
  emit({ type: 'recap', exitCode: worst, hosts });
  return worst;
}
