import { memoize } from '../../core/memo.ts';
import type { Vault } from '../../core/secrets.ts';
import type { Change } from '../../plan/change.ts';
import { diffLines } from '../../plan/diff-lines.ts';
import type { RunEvent, ShownChange } from '../events.ts';
import type { Instance } from './instance.ts';
import type { JournaledChange } from '../journal/journal-line.ts';
import { hiddenByNoLog as hidden, type TaskReport } from './outcome.ts';

// An item of a loop may be a whole structure.
const largestItem = 60;

/** A change as people may see it: without what its apply needs, and without secrets. */
export function showChange(change: Change, vault: Vault, noLog: boolean): ShownChange {
  return show(change, vault, noLog, vault.sealed);
}

/** Made again when the vault holds another number of secrets. */
const show = memoize((change: Change, vault: Vault, noLog: boolean, _sealed: number): ShownChange => {
  const { action, resource, detail, reason, before, after, disrupts } = change;
  const clean = (text: string) => (noLog ? hidden : vault.redact(text));
  const optional = { detail, reason, before, after, disrupts };
  const shown = Object.entries(optional).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, clean(value)]],
  );
  // What a command runs is what is to be hidden; a path or a unit is not.
  const name = action === 'run' ? clean(resource) : vault.redact(resource);
  return { action, resource: name, ...(Object.fromEntries(shown) as Partial<ShownChange>) };
});

function whereOf({ host, play, task, name }: Pick<TaskReport, 'host' | 'play' | 'task' | 'name'>) {
  return { host, play: play.name, task: name, taskId: task.id };
}

/** What the plan says of a task on a host. */
export function planEvent(report: TaskReport, vault: Vault): RunEvent {
  const { noLog } = report.task;
  const changes = report.instances.flatMap(({ outcome }) => outcome.changes);
  return {
    type: 'plan',
    ...whereOf(report),
    status: report.status,
    readOnly: report.task.module.readOnly,
    changes: changes.map((change) => showChange(change, vault, noLog)),
    ...reasonOf(report, vault),
    ...(report.status === 'deferred' ? { aim: aimOf(report, vault) } : {}),
  };
}

/** What became of a task on a host. */
export function taskEvent(report: TaskReport, vault: Vault): RunEvent {
  const message = report.instances
    .map(({ outcome }) => outcome.result?.['msg'])
    .find((msg) => msg !== undefined);
  const text =
    report.reason ??
    (message === undefined ? undefined : typeof message === 'string' ? message : JSON.stringify(message));
  return {
    type: 'task',
    ...whereOf(report),
    status: report.status,
    ...(text === undefined ? {} : { message: report.task.noLog ? hidden : vault.redact(text) }),
    ...hintOf(report, vault),
  };
}

export function startEvent(instance: Instance, play: string, vault: Vault): RunEvent {
  return {
    type: 'start',
    ...instanceOf(instance, play, vault),
    aim: instance.task.noLog ? hidden : vault.redact(instance.bound.aim),
  };
}

export function changeEvent(
  type: 'change' | 'restore',
  instance: Instance,
  play: string,
  change: Change,
  vault: Vault,
): RunEvent {
  return {
    type,
    ...instanceOf(instance, play, vault),
    change: showChange(change, vault, instance.task.noLog),
  };
}

/** A change in the words of the journal. */
export function journaled(
  instance: Instance,
  play: string,
  change: Change,
  vault: Vault,
): Omit<JournaledChange, 'n'> {
  const { name: task, task: of } = instance;
  const shown = showChange(change, vault, of.noLog);
  const { action, resource, detail, reason } = shown;
  const diff = diffLines(shown);
  return {
    play,
    task,
    ...itemOf(instance, vault),
    action,
    resource,
    ...(detail === undefined ? {} : { detail }),
    ...(reason === undefined ? {} : { reason }),
    ...(diff.length === 0 ? {} : { diff: diff.join('\n') }),
  };
}

function instanceOf(instance: Instance, play: string, vault: Vault) {
  const { host, name, task } = instance;
  return { host, play, task: name, taskId: task.id, ...itemOf(instance, vault) };
}

/** The item of a loop, as people may see it. */
export function itemOf({ label, task }: Instance, vault: Vault): { item?: string } {
  if (label === undefined) return {};
  // Cut when no secret is in it any more: half of one would not be found.
  return { item: task.noLog ? hidden : vault.redact(label).slice(0, largestItem) };
}

function reasonOf(report: TaskReport, vault: Vault): { reason?: string; hint?: string } {
  const { reason, task } = report;
  return {
    ...(reason === undefined ? {} : { reason: task.noLog ? hidden : vault.redact(reason) }),
    ...hintOf(report, vault),
  };
}

/** What to do about it may tell what the task was given. */
function hintOf({ hint, task }: TaskReport, vault: Vault): { hint?: string } {
  return hint === undefined || task.noLog ? {} : { hint: vault.redact(hint) };
}

function aimOf({ instances, name, task }: TaskReport, vault: Vault): string {
  if (task.noLog) return hidden;
  const aims = instances.map(({ instance }) => instance.bound.aim);
  return aims.length === 0 ? name : vault.redact(aims.join('; '));
}

/** One way to a host and back; `sent` is in the milliseconds of performance.now(), `ended` says why it went just then. */
export function tripEvent(
  host: string,
  sent: number,
  steps: readonly { readonly instance: Instance }[],
  ended?: string,
): RunEvent {
  return {
    type: 'trip',
    host,
    seconds: (performance.now() - sent) / 1000,
    tasks: [...new Set(steps.map(({ instance }) => instance.name))],
    ...(ended === undefined ? {} : { ended }),
  };
}
