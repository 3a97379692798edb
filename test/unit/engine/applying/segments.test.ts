import { describe, expect, test } from 'vitest';
import { guardDigest } from '../../../../src/facts/collectors.ts';
import { toSegments, type QueuedTask } from '../../../../src/engine/applying/segments.ts';
import { identify, type FactRecord, type Need } from '../../../../src/facts/need.ts';
import { needPath } from '../../../../src/facts/path.ts';
import { predict, type Write } from '../../../../src/plan/change.ts';
import { run } from '../../../../src/plan/operation.ts';

const attributes = { owner: 'root', group: 'root', mode: '644' };

interface Sketch {
  readonly needs: readonly Need<unknown>[];
  /** What was found of each. */
  readonly records?: readonly FactRecord[];
  /** A new file; anything else is a script of its own. */
  readonly file?: string;
  /** It changes one path, and is no new file. */
  readonly narrow?: boolean;
  /** And that is a new folder. */
  readonly folder?: boolean;
  readonly writes?: readonly Write[];
  readonly attempts?: number;
  readonly becomeUser?: string;
  /** More new files of the same task. */
  readonly beside?: readonly string[];
}

/** A step with one change; without `file` and `writes` one that is in sync. */
function step({
  needs,
  records = [],
  file,
  folder,
  narrow,
  writes,
  beside = [],
  ...more
}: Sketch): QueuedTask {
  const { attempts = 0, becomeUser } = more;
  const newFile = narrow
    ? { narrow, ...(folder ? { newFolder: { path: file ?? '', ...attributes } } : {}) }
    : file === undefined
      ? {}
      : fileAt(file);
  const script = `make ${file ?? 'something'}`;
  const change = {
    change: { action: 'create', resource: file ?? 'something' },
    operations: [run(script, newFile)],
    revert: [],
    writes: writes ?? [predict(needPath(file ?? '/'), [['regular file']])],
  };
  const isChange = file !== undefined || writes !== undefined;
  return {
    instance: { needs, becomeUser, environment: {}, task: {}, name: file ?? 'step' },
    changes: isChange
      ? [change, ...beside.map((path) => ({ ...change, operations: [run('', fileAt(path))] }))]
      : [],
    found: needs.map((need) => ({ need, records })),
    intents: [],
    attempts,
  } as unknown as QueuedTask;
}

function fileAt(path: string) {
  return { newFile: { path, content: path, ...attributes } };
}

const fileStep = (path: string, more: Partial<Sketch> = {}) =>
  step({ needs: [needPath(path)], file: path, ...more });

/** Each segment's scripts, and whether it goes as one. */
function shapes(steps: readonly QueuedTask[]): string[] {
  const { segments, places } = toSegments(steps);
  return segments.map(({ scripts, together }, index) => {
    // Another user's is wrapped.
    if (together === undefined) return scripts.map((script) => /make [\w/]+/.exec(script)?.[0]).join(', ');
    const own = steps.filter((item) => places.get(item)?.segment === index);
    expect(together.changes).toBe(own.length);
    return `${own.map(({ instance }) => `make ${instance.name}`).join(', ')} together`;
  });
}

describe('toSegments', () => {
  test('lets neighbours that make new files share one script and one guard', () => {
    const steps = [fileStep('/a'), step({ needs: [needPath('/x')] }), fileStep('/b')];
    const { segments, places } = toSegments(steps);
    expect(segments.map(({ guard }) => guard.map(identify))).toEqual([['path\t/a', 'path\t/x', 'path\t/b']]);
    expect(shapes(steps)).toEqual(['make /a, make /b together']);
    expect(steps.map((item) => places.get(item))).toEqual([
      { segment: 0, from: 0 },
      undefined,
      { segment: 0, from: 1 },
    ]);
  });

  test.each([
    ['one compares with what another writes', [fileStep('/a'), fileStep('/b', { needs: [needPath('/a')] })]],
    ['one of them failed before', [fileStep('/a'), fileStep('/b', { attempts: 1 })]],
    ['one is made by another user', [fileStep('/a'), fileStep('/b', { becomeUser: 'postgres' })]],
  ])('keeps them apart when %s', (_why, steps) => {
    expect(shapes(steps)).toEqual(['make /a', 'make /b']);
  });

  test('lets neighbours that change no more than their own paths share a guard, and new files not with them', () => {
    const folder = (path: string) => fileStep(path, { narrow: true });
    expect(shapes([folder('/a'), folder('/b'), fileStep('/b/c'), fileStep('/b/d'), folder('/e')])).toEqual([
      'make /a, make /b',
      'make /b/c, make /b/d together',
      'make /e',
    ]);
    expect(shapes([folder('/a'), fileStep('/b', { narrow: true, needs: [needPath('/a')] })])).toEqual([
      'make /a',
      'make /b',
    ]);
  });

  test('lets neighbours that make new folders and files share one script', () => {
    const folder = (path: string) => fileStep(path, { narrow: true, folder: true });
    const owner = fileStep('/d', { narrow: true });
    expect(shapes([folder('/a'), folder('/a/b'), fileStep('/a/b/c'), owner, folder('/c')])).toEqual([
      'make /a, make /a/b, make /a/b/c together',
      'make /d',
      'make /c',
    ]);
  });

  test.each([
    ['it failed with others', { attempts: 1 }],
    ['another user makes them', { becomeUser: 'postgres' }],
    ['it stands alone', {}],
  ])('lets all that one task makes go as one, not to be taken apart, when %s', (_why, more) => {
    const { segments } = toSegments([fileStep('/a', { beside: ['/b', '/c'], ...more })]);
    expect(
      segments.map(({ scripts, together }) => [scripts, together?.changes, together?.isOneTask]),
    ).toEqual([[[], 3, true]]);
    expect(segments[0]?.together?.script.startsWith('printf')).toBe('becomeUser' in more);
  });

  test('lets those of several tasks be taken apart', () => {
    const { segments } = toSegments([fileStep('/a', { beside: ['/b'] }), fileStep('/c')]);
    expect(segments.map(({ together }) => [together?.changes, together?.isOneTask])).toEqual([[3, false]]);
  });

  test('keeps a file apart from what needs a folder in its place', () => {
    const folder = (path: string) => fileStep(path, { narrow: true, folder: true });
    expect(shapes([fileStep('/a'), fileStep('/x'), folder('/a/b/c')])).toEqual([
      'make /a, make /x together',
      'make /a/b/c',
    ]);
    expect(shapes([folder('/a/b/c'), folder('/x'), fileStep('/a')])).toEqual([
      'make /a/b/c, make /x together',
      'make /a',
    ]);
    expect(shapes([folder('/a'), fileStep('/a/b'), fileStep('/ab')])).toEqual([
      'make /a, make /a/b, make /ab together',
    ]);
  });

  test('keeps other changes apart, and in order', () => {
    const other = step({ needs: [], writes: ['*'] });
    expect(shapes([fileStep('/a'), other, fileStep('/b'), fileStep('/c')])).toEqual([
      'make /a',
      'make something',
      'make /b, make /c together',
    ]);
  });

  test('guards each with what it was compared with', () => {
    const compared = (...records: FactRecord[]) =>
      toSegments([step({ needs: [needPath('/a')], records, writes: [] })]).segments[0]?.digest;
    const file: FactRecord = ['regular file', '644', 'root', 'root'];
    expect(compared(file)).toBe(guardDigest([needPath('/a')], () => [file]));
    expect(compared(file)).not.toBe(compared());
  });
});
