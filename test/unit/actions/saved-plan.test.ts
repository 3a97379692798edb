import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectPlan, readPlan, savePlan } from '../../../src/actions/saved-plan.ts';
import { StalePlanError } from '../../../src/core/errors.ts';
import type { Change } from '../../../src/plan/change.ts';
import { folderOf } from '../support.ts';

type Report = Parameters<typeof savePlan>[1]['reports'][number];

function report(
  host: string,
  name: string,
  changes: readonly Change[],
  status: Report['status'] = 'changed',
): Report {
  return { host, name, status, instances: [{ outcome: { changes } }] };
}

const update: Change = { action: 'update', resource: '/etc/haproxy/haproxy.cfg', after: 'maxconn 100' };
const input = { inventory: ['a,b'], tags: ['x'], skipTags: [], extraVars: [] };

/** A plan of these tasks, saved and read again. */
function saved(...reports: readonly Report[]) {
  const path = join(folderOf({}), 'plan.json');
  savePlan(path, { reports }, { playbook: 'site.yml', input });
  return readPlan(path);
}

/** What is said of a plan that is no longer the saved one. */
function differences(before: readonly Report[], now: readonly Report[]): string[] {
  try {
    expectPlan({ reports: now }, saved(...before));
    return [];
  } catch (error) {
    if (!(error instanceof StalePlanError)) throw error;
    return error.message.split('\n').slice(1);
  }
}

describe('a saved plan', () => {
  test('can be read by its owner only, as variables may be secret', () => {
    const path = join(folderOf({}), 'plan.json');
    savePlan(path, { reports: [] }, { playbook: 'site.yml', input });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('has absolute paths, so that it can be applied from any folder', () => {
    const folder = folderOf({ 'hosts.yml': '' });
    const path = join(folder, 'plan.json');
    const from = {
      playbook: 'site.yml',
      input: { ...input, inventory: [join(folder, 'hosts.yml'), 'a,b'], extraVars: ['@vars.yml', 'n=1'] },
    };
    savePlan(path, { reports: [] }, from);
    const { playbook, input: kept } = readPlan(path);
    expect(playbook).toBe(join(process.cwd(), 'site.yml'));
    expect(kept.extraVars).toEqual([`@${join(process.cwd(), 'vars.yml')}`, 'n=1']);
    expect(kept.inventory).toEqual([join(folder, 'hosts.yml'), 'a,b']);
  });

  test('holds digests of changes, not their content', () => {
    const path = join(folderOf({}), 'plan.json');
    savePlan(path, { reports: [report('a', 'config', [update])] }, { playbook: 'site.yml', input });
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('update /etc/haproxy/haproxy.cfg');
    expect(text).not.toContain('maxconn');
  });

  test('leaves out tasks with nothing to do', () => {
    const { entries } = saved(report('a', 'config', [update]), report('a', 'unit', [], 'ok'));
    expect(entries.map(({ task }) => task)).toEqual(['config']);
  });

  test.each([
    ['text that is not JSON', 'hello'],
    ['JSON of another form', '{"v": 2}'],
  ])('is not %s', (_, text) => {
    const path = join(folderOf({ 'plan.json': text }), 'plan.json');
    expect(() => readPlan(path)).toThrow(`${path} is no plan`);
  });

  test('that is not there is bad input', () => {
    expect(() => readPlan('/nowhere/plan.json')).toThrow('/nowhere/plan.json is no plan: ENOENT');
  });
});

describe('a plan made anew', () => {
  test('fits the saved one if it has the same changes', () => {
    const reports = [report('a', 'config', [update]), report('b', 'member', [], 'deferred')];
    expect(differences(reports, reports)).toEqual([]);
  });

  test('does not fit with another change', () => {
    const restart: Change = { action: 'restart', resource: 'haproxy.service' };
    expect(differences([report('a', 'config', [update])], [report('a', 'config', [restart])])).toEqual([
      '  a: config: planned was to update /etc/haproxy/haproxy.cfg, now it would be to restart haproxy.service',
    ]);
  });

  test('does not fit with the same change to another content', () => {
    const other = { ...update, after: 'two' };
    expect(differences([report('a', 'config', [update])], [report('a', 'config', [other])])).toEqual([
      '  a: config: update /etc/haproxy/haproxy.cfg, but from or to another state than planned',
    ]);
  });

  test('does not fit with a change more or less', () => {
    expect(differences([report('a', 'config', [update])], [])).toEqual([
      '  a: config: planned was to update /etc/haproxy/haproxy.cfg, now it would be to change nothing',
    ]);
    expect(differences([], [report('b', 'config', [update])])).toEqual([
      '  b: config: planned was to change nothing, now it would be to update /etc/haproxy/haproxy.cfg',
    ]);
  });

  test('does not fit if a task is no longer deferred', () => {
    expect(differences([report('a', 'member', [], 'deferred')], [report('a', 'member', [update])])).toEqual([
      '  a: member: planned was to decide later, now it would be to update /etc/haproxy/haproxy.cfg',
    ]);
  });
});
