import { guardDigest } from '../../facts/collectors.ts';
import { identify, type FactRecord, type Need } from '../../facts/need.ts';
import type { RunOperation } from '../../plan/operation.ts';
import { writeNew, type NewFile, type NewFolder } from '../../shell/files.ts';
import type { Segment } from './queue-script.ts';
import { wrapScript, type Instance } from '../tasks/instance.ts';
import type { Intent } from '../journal/journal.ts';
import { scriptOf, type ScriptChange } from './perform.ts';

/** A task that is to be carried out, or is in sync as long as those before it leave it so. */
export interface QueuedTask {
  readonly instance: Instance;
  readonly changes: readonly ScriptChange[];
  /** What it was compared with, as far as that guards its changes. */
  readonly found: readonly Finding[];
  /** The journal's line for each change; empty where none is kept. */
  readonly intents: readonly Intent[];
  /** What it registers if it is in sync. */
  readonly result: Readonly<Record<string, unknown>>;
  /** How often it was sent in vain. */
  readonly attempts: number;
}

/** A fact as it has to be still. */
interface Finding {
  readonly need: Need<unknown>;
  readonly records: readonly FactRecord[];
}

/** Where a task's outputs are found among those of its script. */
export interface Place {
  readonly segment: number;
  /** Of its first change within the segment. */
  readonly from: number;
}

/** New files and folders, or changes that are narrow otherwise: owners and modes. */
type Sharing = 'new' | 'paths';

/** A segment that is being put together. */
interface Draft {
  readonly guard: Map<string, Finding>;
  /** Each change with who makes it. */
  readonly changes: { readonly instance: Instance; readonly change: ScriptChange }[];
  readonly intents: Intent[];
  /** What kind of neighbours it takes in. */
  readonly shares: Sharing | undefined;
  /** What it makes, by its path, where that is all that it does. */
  readonly made: Map<string, NewFolder | NewFile>;
  /** The folders that this needs, or makes on the way. */
  readonly above: Set<string>;
  readonly written: Set<string>;
}

/**
 * The queue as segments: each change is guarded by what the tasks since the former change were compared with.
 * Neighbours that change no more than their own paths share one guard, and new ones one script too, unless one was
 * compared with what another of them writes: a guard costs some processes, and a thousand of them more than the files.
 */
export function toSegments(queue: readonly QueuedTask[]): {
  segments: Segment[];
  places: ReadonlyMap<QueuedTask, Place>;
} {
  const drafts: Draft[] = [];
  const places = new Map<QueuedTask, Place>();
  let guard: (readonly [string, Finding])[] = [];
  for (const item of queue) {
    for (const finding of item.found) guard.push([identify(finding.need), finding]);
    if (item.changes.length === 0) continue;
    const runs = item.changes.flatMap((change) => onlyRun(change) ?? []);
    const shares = sharingOf(item, runs);
    const made = makesNew(item, runs)
      ? runs.flatMap(({ newFile, newFolder }) => newFile ?? newFolder ?? [])
      : [];
    let draft = drafts.at(-1);
    const isMet = guard.some(([identity]) => draft?.written.has(identity));
    if (!shares || draft?.shares !== shares || isMet || isInTheWay(draft, made)) {
      draft = {
        guard: new Map(),
        changes: [],
        intents: [],
        shares,
        made: new Map(),
        above: new Set(),
        written: new Set(),
      };
      drafts.push(draft);
    }
    places.set(item, { segment: drafts.length - 1, from: draft.changes.length });
    for (const [identity, finding] of guard) draft.guard.set(identity, finding);
    draft.changes.push(...item.changes.map((change) => ({ instance: item.instance, change })));
    draft.intents.push(...item.intents);
    for (const each of made) {
      draft.made.set(each.path, each);
      for (const path of foldersAbove(each.path)) draft.above.add(path);
    }
    for (const { writes } of item.changes) {
      for (const write of writes) if (write !== '*') draft.written.add(identify(write));
    }
    guard = [];
  }
  return { segments: drafts.map(toSegment), places };
}

function toSegment({ guard, changes, intents, made }: Draft): Segment {
  const needs = [...guard.values()].map(({ need }) => need);
  const digest = guardDigest(needs, (need) => guard.get(identify(need))?.records ?? []);
  const [first] = changes;
  const together =
    first && made.size > 1
      ? wrapScript(writeNew([...made.values()]), { ...first.instance, environment: {} })
      : undefined;
  const isOneTask = changes.every(({ instance }) => instance === first?.instance);
  return {
    guard: needs,
    digest,
    ...(intents.length > 0 ? { intents } : {}),
    ...(together === undefined
      ? { scripts: changes.map(({ instance, change }) => scriptOf(instance, change)) }
      : { scripts: [], together: { changes: changes.length, script: together, isOneTask } }),
  };
}

/** Tasks that failed together go one by one. */
function sharingOf(item: QueuedTask, runs: readonly RunOperation[]): Sharing | undefined {
  const { instance, changes, attempts } = item;
  if (attempts > 0 || instance.becomeUser !== undefined || runs.length < changes.length) return undefined;
  if (makesNew(item, runs)) return 'new';
  return runs.every(({ narrow }) => narrow) ? 'paths' : undefined;
}

/** Whether a task does nothing but make new files and folders. */
function makesNew({ changes }: QueuedTask, runs: readonly RunOperation[]): boolean {
  return runs.length === changes.length && runs.every(({ newFile, newFolder }) => newFile ?? newFolder);
}

/** Whether one of them wants a file where the other wants a folder: which of the two fails, their order decides. */
function isInTheWay({ made, above }: Draft, more: readonly (NewFolder | NewFile)[]): boolean {
  const isFile = (each: NewFolder | NewFile | undefined) => each !== undefined && 'content' in each;
  return more.some(
    (each) =>
      (isFile(each) && above.has(each.path)) ||
      foldersAbove(each.path).some((path) => isFile(made.get(path))),
  );
}

function foldersAbove(path: string): string[] {
  const found: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    found.push(path.slice(0, end));
  return found;
}

function onlyRun({ operations }: ScriptChange): RunOperation | undefined {
  return operations.length === 1 ? operations[0] : undefined;
}

/** Those whose state a later change wrote: then there is nothing to check them by. */
export function overwrittenIn(queue: readonly QueuedTask[]): Set<QueuedTask> {
  const overwritten = new Set<QueuedTask>();
  const later = new Set<string>();
  for (const item of queue.toReversed()) {
    if (later.has('*') || (later.size > 0 && item.instance.needs.some((need) => later.has(identify(need)))))
      overwritten.add(item);
    if (item === queue[0]) break;
    for (const write of item.changes.flatMap(({ writes }) => writes))
      later.add(write === '*' ? '*' : identify(write));
  }
  return overwritten;
}
