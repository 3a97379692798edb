import { describe, expect, test } from 'vitest';
import { BatchWalk } from '../../../../src/engine/tasks/batch-walk.ts';
import { tagSelector } from '../../../../src/actions/load.ts';

const noTasks = { tasks: [] };
const nothing = () => Promise.resolve();

describe('run_once', () => {
  test('is for the first of the batch, whoever comes first; the others get its result', async () => {
    const once = new BatchWalk(noTasks, ['a', 'b', 'c']);
    const others = Promise.all([once.claim(1, 'c', nothing), once.claim(1, 'b', nothing)]);
    expect(await once.claim(1, 'a', nothing)).toBe('mine');
    once.fulfil(1, new Map([['r', { value: 5 }]]));
    expect(await others).toEqual([new Map([['r', { value: 5 }]]), new Map([['r', { value: 5 }]])]);
    // The first has ended without coming to it.
    const next = once.claim(2, 'b', nothing);
    once.abandon('a');
    expect(await next).toBe('mine');
  });

  test('who waits sends its own changes first', async () => {
    const once = new BatchWalk(noTasks, ['a', 'b']);
    const story: string[] = [];
    await once.claim(1, 'a', nothing);
    const waits = once
      .claim(1, 'b', () => Promise.resolve(void story.push('b sends')))
      .then(() => story.push('b goes on'));
    await Promise.resolve();
    story.push('a is done');
    once.fulfil(1, new Map());
    await waits;
    expect(story).toEqual(['b sends', 'a is done', 'b goes on']);
  });

  test('what an owner that failed had not done goes to another; what it had done stays', async () => {
    const once = new BatchWalk(noTasks, ['a', 'b']);
    await once.claim(1, 'a', nothing);
    await once.claim(2, 'a', nothing);
    once.fulfil(1, new Map([['r', { value: 'done' }]]));
    const next = once.claim(2, 'b', nothing);
    once.abandon('a');
    expect(await next).toBe('mine');
    expect(await once.claim(1, 'b', nothing)).toEqual(new Map([['r', { value: 'done' }]]));
  });
});

describe('tags select by the rules of Ansible', () => {
  const sets = { plain: [], x: ['x'], y: ['y'], always: ['always'], never: ['never', 'n'] };

  test.each([
    [[], [], ['plain', 'x', 'y', 'always']],
    [['all'], [], ['plain', 'x', 'y', 'always']],
    [['x'], [], ['x', 'always']],
    [['x', 'y'], [], ['x', 'y', 'always']],
    [['n'], [], ['always', 'never']],
    [['tagged'], [], ['x', 'y', 'always']],
    [['untagged'], [], ['plain', 'always']],
    [[], ['x'], ['plain', 'y', 'always']],
    [[], ['always'], ['plain', 'x', 'y']],
    [[], ['tagged'], ['plain']],
    [[], ['untagged'], ['x', 'y', 'always']],
    [['x'], ['always'], ['x']],
    [[], ['all'], ['always']],
  ])('--tags %j --skip-tags %j', (tags, skipTags, selected) => {
    const selects = tagSelector({ inventory: [], extraVars: [], tags, skipTags });
    expect(
      Object.entries(sets)
        .filter(([, own]) => selects({ tags: own }))
        .map(([name]) => name),
    ).toEqual(selected);
  });
});
