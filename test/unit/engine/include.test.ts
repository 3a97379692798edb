import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { folderOf } from '../support.ts';
import { LocalLab, type RunSettings } from './local.ts';
import { playOf } from './walked.ts';

// Each test starts shells, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const file = `
- { name: first, debug: { msg: 'v={{v}}' } }
- { name: unset, set_fact: { flag: false } }
- { name: second, debug: { msg: 'v={{v}}' }, tags: inner }`;

const run = (keyword: string, more: string, settings: RunSettings = {}) => {
  const path = join(folderOf({ 'inc.yml': file }), 'inc.yml');
  const tasks = `
- { name: set, set_fact: { flag: true, v: fact } }
- { ${keyword}: '${path}', ${more} }`;
  return new LocalLab().run(playOf(tasks), { walkAnyway: true, ...settings });
};

// Each is what Ansible does with the same.
describe('include_tasks', () => {
  test('asks its condition once, and its variables win over those that were set', async () => {
    const { said, recap } = await run('include_tasks', 'when: flag, vars: { v: own }');
    expect(said).toEqual(['a: v=own', 'a: v=own']);
    expect(recap['a']).toMatchObject({ ok: 5, skipped: 0 });
  });

  test('takes nothing in where its condition does not hold', async () => {
    const { tasks } = await run('include_tasks', 'name: include, when: not flag');
    expect(tasks).toEqual(['a set: ok', 'a include: skipped']);
  });

  test('is selected by its own tags, and its tasks by theirs', async () => {
    const names = async (tags: string[], own: string) =>
      (await run('include_tasks', `name: include, tags: [${own}], vars: { v: own }`, { tags })).tasks;
    expect(await names(['inner'], '')).toEqual([]);
    expect(await names(['inner'], 'inner')).toEqual(['a include: ok', 'a second: ok']);
    expect(await names(['outer'], 'outer')).toEqual(['a include: ok']);
  });

  test('whose condition is not known yet leaves its tasks open in the plan', async () => {
    const path = join(folderOf({ 'inc.yml': '- { name: inner, command: echo inner }' }), 'inc.yml');
    const { planned, tasks } = await new LocalLab().run(
      playOf(`
- { name: asks, command: echo yes, register: r }
- { name: include, include_tasks: '${path}', when: eq r.stdout 'yes' }`),
    );
    expect(planned).toEqual(['a asks: changed', 'a include: deferred', 'a inner: deferred']);
    expect(tasks).toEqual(['a asks: changed', 'a include: ok', 'a inner: changed']);
  });
});

test('import_tasks has each of its tasks ask its condition, and its variables give way to those that were set', async () => {
  const { said, tasks } = await run('import_tasks', 'when: flag, vars: { v: own }');
  expect(said).toEqual(['a: v=fact']);
  expect(tasks).toEqual(['a set: ok', 'a first: ok', 'a unset: ok', 'a second: skipped']);
});
