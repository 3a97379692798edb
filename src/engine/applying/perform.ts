import { until, type Clock } from '../../core/until.ts';
import type { PlannedChange } from '../../modules/define-module.ts';
import type { HttpOperation, Operation, RunOperation, SqlOperation } from '../../plan/operation.ts';
import type { Emit } from '../events.ts';
import type { Fleet } from '../hosts/fleet.ts';
import { wrapScript, type Instance } from '../tasks/instance.ts';
import { hiddenByNoLog, lastWords, type ChangeOutput } from '../tasks/outcome.ts';
import { UnitWatch } from '../../shell/unit-watch.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournaledChange } from '../journal/journal-line.ts';

/** Milliseconds between two looks at an API that is being waited for. */
const pollInterval = 250;
/** Every so many looks at the API there is one at the unit that serves it: that takes processes on the host. */
const looksPerUnit = 4;

/** A change that is made by scripts. */
export interface ScriptChange extends PlannedChange {
  readonly operations: readonly RunOperation[];
}

/** What operations of an instance run with. */
export interface OperationContext {
  readonly fleet: Fleet;
  readonly emit: Emit;
  /** Throws when the run is to stop. */
  readonly checkpoint: () => void;
  /** Ends what is being waited for. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** The journal, where the host keeps one: not without root. */
  journalOf(host: string): Journal | undefined;
}

/** Whether all of a change are scripts, which go out together then. */
export function isScript(change: PlannedChange): change is ScriptChange {
  return change.operations.every(({ kind }) => kind === 'run');
}

/** The script of an instance's operations. */
export function scriptOf(
  { becomeUser, environment }: Pick<Instance, 'becomeUser' | 'environment'>,
  { operations }: ScriptChange,
): string {
  const scripts = operations.map(({ script, user }) =>
    wrapScript(script, { environment, becomeUser: user ?? becomeUser }),
  );
  if (scripts.length === 1) return scripts[0] ?? '';
  // Each in a shell of its own, so that one's traps and exit are not another's.
  return scripts.map((script) => `(\nset -e\n${script}\n)`).join('\n');
}

/**
 * Seconds that scripts may take together; undefined when none has a limit. Those of many small files have 300 seconds, or
 * one for each.
 */
export function timeoutOf(instance: Instance, operations: readonly Operation[]): number | undefined {
  if (instance.task.timeout !== undefined) return instance.task.timeout;
  const runs = operations.filter((operation) => operation.kind === 'run');
  const isSmall = ({ allOrNothing, narrow }: RunOperation) => allOrNothing ?? narrow ?? false;
  const limits = runs.filter((each) => !isSmall(each)).map(({ timeout }) => timeout ?? 300);
  const small = runs.length - limits.length;
  if (small > 0) limits.push(Math.max(300, small));
  return limits.length === 0 ? undefined : limits.reduce((sum, limit) => sum + limit, 0);
}

/**
 * Carries operations out one after the other, until one fails. The journal of the host that they go through has
 * a line before and one after.
 */
export async function perform(
  instance: Instance,
  operations: readonly Operation[],
  context: OperationContext,
  entry?: Omit<JournaledChange, 'n'>,
): Promise<ChangeOutput> {
  const host = context.fleet.get(hostOf(instance, operations[0]));
  const journal = entry && context.journalOf(host.name);
  if (!journal) return performAll(instance, operations, context);
  const intent = journal.intent(entry);
  // A script takes the intent along; an API is asked once it is written.
  const goesAlong = operations[0]?.kind === 'run' && host.isRoot(instance.become);
  if (!goesAlong) {
    const problem = await journal.announce(host, [intent]);
    if (problem !== undefined) return { status: 1, stdout: '', stderr: problem };
  }
  const output = await performAll(
    instance,
    operations,
    context,
    goesAlong ? `${journal.opening(host, [intent.line])}\n` : undefined,
  );
  journal.conclude(host, intent, output.status === 0 ? undefined : lastWords(instance, output));
  return output;
}

function hostOf(instance: Instance, operation: Operation | undefined): string {
  const asked = operation?.kind === 'run' ? undefined : operation?.host;
  return asked ?? instance.delegateTo ?? instance.host;
}

/** `opening` goes before the first script. */
async function performAll(
  instance: Instance,
  operations: readonly Operation[],
  context: OperationContext,
  opening = '',
): Promise<ChangeOutput> {
  let last: ChangeOutput = { status: 0, stdout: '', stderr: '' };
  for (const [position, operation] of operations.entries()) {
    switch (operation.kind) {
      case 'run':
        last = await runScript(instance, operation, context, position === 0 ? opening : '');
        break;
      case 'http':
        last = await awaitAnswer(instance, operation, context);
        break;
      case 'sql':
        last = await runQueries(instance, operation, context);
        break;
    }
    if (last.status !== 0) return last;
  }
  return last;
}

async function runScript(
  instance: Instance,
  operation: Operation & { kind: 'run' },
  { fleet }: OperationContext,
  opening: string,
): Promise<ChangeOutput> {
  const host = fleet.get(hostOf(instance, operation));
  const script = wrapScript(operation.script, {
    ...instance,
    becomeUser: operation.user ?? instance.becomeUser,
  });
  const timeout = instance.task.timeout ?? operation.timeout ?? 300;
  const options = { what: `"${instance.name}"`, timeout: timeout * 1000 };
  const result = await host.run(`${opening}set -e\n${script}`, instance.become, options);
  if (!result.timedOut) return result;
  return { ...result, status: result.status || 1, stderr: `${result.stderr}\nended after ${timeout} s` };
}

async function awaitAnswer(
  instance: Instance,
  operation: HttpOperation,
  context: OperationContext,
): Promise<ChangeOutput> {
  const { fleet, emit, checkpoint, signal, clock } = context;
  const host = fleet.get(hostOf(instance, operation));
  const { what, within } = operation;
  const watch = operation.watch && new UnitWatch(operation.watch);
  const lookAtUnit = async (unit: UnitWatch): Promise<string | undefined> => {
    const { lines, ended } = unit.look((await host.run(unit.script, instance.become)).stdout);
    for (const line of instance.task.noLog ? [] : lines)
      emit({ type: 'log', host: host.name, unit: unit.unit, line: fleet.vault.redact(line) });
    return ended;
  };
  const waited = await until(
    async (number) => {
      const progress = operation.progress(await fleet.http(host, operation.request, operation.answerWithin));
      const isDue = watch && number % looksPerUnit === 0;
      if (progress === 'done' || ('failed' in progress && !watch)) return { done: progress };
      const ended = watch && (isDue || 'failed' in progress) ? await lookAtUnit(watch) : undefined;
      if (ended !== undefined) return { done: { failed: ended } };
      return 'waiting' in progress ? { missing: progress.waiting } : { done: progress };
    },
    {
      within,
      every: pollInterval,
      waiting: (state) =>
        emit({
          type: 'api',
          host: host.name,
          what,
          state: instance.task.noLog ? hiddenByNoLog : state,
        }),
      signal,
      checkpoint,
      clock,
    },
  );
  const failure =
    'missing' in waited
      ? `not within ${within} s: ${waited.missing}`
      : waited.done === 'done'
        ? undefined
        : waited.done.failed;
  if (failure === undefined) return { status: 0, stdout: '', stderr: '' };
  const options = { what: `the cause of "${instance.name}"`, timeout: 20_000 };
  const cause = operation.cause && (await host.run(operation.cause, instance.become, options)).stdout.trim();
  return { status: 1, stdout: '', stderr: [`${what}: ${failure}`, ...(cause ? [cause] : [])].join('\n') };
}

async function runQueries(
  instance: Instance,
  operation: SqlOperation,
  { fleet }: OperationContext,
): Promise<ChangeOutput> {
  const host = fleet.get(hostOf(instance, operation));
  for (const query of operation.queries) {
    const answer = await fleet.sql(host, query, instance.task.timeout);
    if (!answer.answered) return { status: 1, stdout: '', stderr: `${operation.what}: ${answer.reason}` };
  }
  return { status: 0, stdout: '', stderr: '' };
}
