import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resumptionOf } from '../../../src/actions/resume.ts';
import type { PastRun } from '../../../src/engine/journal/history.ts';
import { folderOf } from '../support.ts';

const request = {
  verb: 'provision',
  playbook: { path: '/p/site.yml', beside: '../p/site.yml', bundled: 'playbooks/site.yml' },
  limit: 'node1',
  tags: ['x'],
  skipTags: ['y'],
  extraVars: ['password'],
  hosts: ['node1'],
};
const failed: PastRun = {
  run: 'r1',
  began: '2030-01-01T00:00:00Z',
  who: 'me@here',
  command: 'drover provision',
  request,
  hosts: ['node1'],
  changes: [],
  outcome: 'failed',
};
/** drover's own playbooks in a folder of the test. */
const shipped = () => {
  const folder = folderOf({ 'playbooks/site.yml': '' });
  return {
    folder: '/inventory',
    extraVars: new Map([['password', 'x']]),
    bundled: (path: string) => join(folder, path),
  };
};

describe('a run that failed', () => {
  test('is resumed with its verb, limit and tags', () => {
    const surroundings = shipped();
    expect(resumptionOf(failed, surroundings)).toEqual({
      verb: 'provision',
      playbook: surroundings.bundled('playbooks/site.yml'),
      limit: 'node1',
      tags: ['x'],
      skipTags: ['y'],
    });
  });

  test('needs the variables that it was given, as their values are not kept', () => {
    expect(() => resumptionOf(failed, { ...shipped(), extraVars: new Map() })).toThrow(
      'run r1 was given variables by -e, and their values are not kept: password',
    );
  });

  test('of a user’s playbook finds it beside the inventory first', () => {
    const folder = folderOf({ 'inventory/hosts.yml': '', 'play.yml': '' });
    const own = { path: '/gone/play.yml', beside: '../play.yml' };
    const past = { ...failed, request: { ...request, playbook: own } };
    const found = resumptionOf(past, { ...shipped(), folder: join(folder, 'inventory') });
    expect(found.playbook).toBe(join(folder, 'play.yml'));
  });

  test('of a playbook that is gone names the places where it was looked for', () => {
    const own = { path: '/gone/play.yml', beside: '../play.yml' };
    const past = { ...failed, request: { ...request, playbook: own } };
    expect(() => resumptionOf(past, shipped())).toThrow(
      'the playbook of run r1 is not at /play.yml, nor at /gone/play.yml',
    );
  });

  test('of an operation cannot be resumed', () => {
    const { playbook: _, ...operation } = request;
    const past = { ...failed, command: 'drover restart', request: { ...operation, verb: 'restart' } };
    expect(() => resumptionOf(past, shipped())).toThrow('run r1 was drover restart, which has no playbook');
  });

  test('is not resumed twice', () => {
    expect(() => resumptionOf({ ...failed, resumedBy: 'r2' }, shipped())).toThrow(
      'run r1 was gone on with by run r2',
    );
  });
});

test('a run that is done cannot be resumed', () => {
  expect(() => resumptionOf({ ...failed, outcome: 'done' }, shipped())).toThrow('run r1 is done');
});

test('a run that may still be at work is left to the lock', () => {
  expect(resumptionOf({ ...failed, outcome: 'running' }, shipped()).verb).toBe('provision');
});

test('a run whose request was rotated away cannot be resumed', () => {
  const past = { ...failed, outcome: 'running' as const, request: undefined };
  expect(() => resumptionOf(past, shipped())).toThrow('run r1 was no run of a playbook');
});
