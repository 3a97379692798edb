import { describe, expect, test } from 'vitest';
import { toSegments, type Step } from '../../../src/engine/segments.ts';
import { World } from '../../../src/engine/world.ts';
import { identify, type Need } from '../../../src/facts/need.ts';
import { needPath } from '../../../src/facts/path.ts';
import type { Write } from '../../../src/plan/change.ts';
import { run } from '../../../src/plan/operation.ts';

const attributes = { owner: 'root', group: 'root', mode: '644' };

interface Sketch {
  readonly needs: readonly Need<unknown>[];
  /** A new file; anything else is a script of its own. */
  readonly file?: string;
  /** It changes one path, and is no new file. */
  readonly narrow?: boolean;
  /** And that is a new folder. */
  readonly folder?: boolean;
  readonly writes?: readonly Write[];
  readonly attempts?: number;
  readonly becomeUser?: string;
}

/** A step with one change; without `file` and `writes` one that is in sync. */
function step({ needs, file, folder, narrow, writes, attempts = 0, becomeUser }: Sketch): Step {
  const newFile = narrow
    ? { narrow, ...(folder ? { newFolder: { path: file ?? '', ...attributes } } : {}) }
    : file === undefined
      ? {}
      : { newFile: { path: file, content: file, ...attributes } };
  const script = `make ${file ?? 'something'}`;
  const change = {
    change: { action: 'create', resource: file ?? 'something' },
    operations: [run(script, newFile)],
    revert: [],
    writes: writes ?? [{ ...needPath(file ?? '/'), records: [['regular file']] }],
  };
  const isChange = file !== undefined || writes !== undefined;
  return {
    instance: { needs, becomeUser, task: {}, name: file ?? 'step' },
    changes: isChange ? [change] : [],
    scripts: isChange ? [script] : [],
    intents: [],
    attempts,
  } as unknown as Step;
}

const fileStep = (path: string, more: Partial<Sketch> = {}) =>
  step({ needs: [needPath(path)], file: path, ...more });

/** Each segment's scripts, and whether it goes as one. */
function shapes(steps: readonly Step[]): string[] {
  const { segments } = toSegments(steps, new World());
  return segments.map(
    ({ scripts, together }) => `${scripts.join(', ')}${together === undefined ? '' : ' together'}`,
  );
}

describe('toSegments', () => {
  test('lets neighbours that make new files share one script and one guard', () => {
    const steps = [fileStep('/a'), step({ needs: [needPath('/x')] }), fileStep('/b')];
    const { segments, places } = toSegments(steps, new World());
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

  test('lets neighbours that make new folders share one script, those above first', () => {
    const folder = (path: string) => fileStep(path, { narrow: true, folder: true });
    const owner = fileStep('/d', { narrow: true });
    expect(shapes([folder('/a'), folder('/a/b'), owner, folder('/c')])).toEqual([
      'make /a, make /a/b together',
      'make /d',
      'make /c',
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

  test('guards each with what the changes before it will have made', () => {
    const world = new World();
    world.learn(new Map([['path\t/a', []]]));
    const later = step({ needs: [needPath('/a')], writes: [] });
    const [, second] = toSegments([fileStep('/a'), later], world).segments;
    const [unchanged] = toSegments([later], world).segments;
    expect(second?.digest).not.toBe(unchanged?.digest);
  });
});
