import { describe, expect, test } from 'vitest';
import type { HttpAnswer } from '../../../../src/clients/http.ts';
import { UnreachableError } from '../../../../src/core/errors.ts';
import { Plan } from '../../../../src/engine/planning/plan.ts';
import { apiRecords } from '../../../../src/facts/api.ts';
import { identify, type FactRecord } from '../../../../src/facts/need.ts';
import { LocalLab } from '../local.ts';
import { playOf, walkOn } from '../walked.ts';

const silence: HttpAnswer = { answered: false, reason: 'refused' };
const up: HttpAnswer = { answered: true, status: 200, body: '' };

/** A plan of tasks; nothing exists on the host, and its API says what the test wants. */
async function planOf(tasks: string, { api = silence, isLost = false } = {}) {
  const { run } = await new LocalLab().context(playOf(tasks));
  const { fleet } = run;
  const host = fleet.get('a');
  const first = new Plan(fleet, run.context);
  await walkOn(run, first.strategy);
  const known = first.missing.map(({ need }): [string, readonly FactRecord[]] => [
    identify(need),
    need.kind === 'http' ? apiRecords(api) : [],
  ]);
  host.world.learn(new Map(known));
  if (isLost) fleet.lose('a', new UnreachableError('a is lost'));
  host.registered.clear();
  const plan = new Plan(fleet, run.context);
  const failure = await walkOn(run, plan.strategy);
  const told = plan.reports.map(({ name, status }) => `${name}: ${status}`);
  return { run, first, plan, failure, told };
}

const folder = '- { name: folder, file: { path: /x, state: directory } }\n';
const command = '- { name: run, command: x, register: r }\n';
const ask = "- { name: ask, uri: { url: 'http://127.0.0.1/' } }\n";

describe('what is not collected', () => {
  test('is missing, and the task is deferred until it is there', async () => {
    const { first, plan } = await planOf(folder);
    expect(first.reports.map(({ status, reason }) => [status, reason])).toEqual([
      ['deferred', 'its facts are not collected yet'],
    ]);
    expect(first.missing.map(({ host, need }) => [host, need.kind, need.key])).toContainEqual([
      'a',
      'path',
      '/x',
    ]);
    expect(plan.missing).toEqual([]);
    expect(plan.hasChanges).toBe(true);
  });

  test('is told of as an interest by the task that has it', async () => {
    const { plan } = await planOf(folder + folder.replace('/x', '/y'));
    const paths = plan.interests.filter(({ need }) => need.kind === 'path');
    expect(paths.map(({ task, need }) => [task - (paths[0]?.task ?? 0), need.key])).toEqual([
      [0, '/x'],
      [1, '/y'],
    ]);
  });
});

describe('what earlier tasks do', () => {
  test('is what later ones are compared with', async () => {
    const { told, plan } = await planOf(folder + folder.replace('folder,', 'again,'));
    expect(told).toEqual(['folder: changed', 'again: ok']);
    expect(plan.changes.map(({ host, change }) => [host, change.action])).toEqual([['a', 'create']]);
  });

  test('may make a fact unknown: the task that needs it is deferred, and says why', async () => {
    const { told, plan } = await planOf(command + folder);
    expect(told).toEqual(['run: changed', 'folder: deferred']);
    expect(plan.reports[1]?.reason).toBe('"run" comes first');
  });

  test('does not hide what is refused whatever they do', async () => {
    const { plan } = await planOf(command + folder);
    const instance = plan.reports[1]?.instances[0]?.instance;
    if (!instance) throw new Error('no instance');
    const refuse = () => ({ state: 'refused', reason: 'not mine', hint: 'look' }) as const;
    const [settled] = [
      ...(plan.strategy.submit({ ...instance, guard: refuse }) as Iterable<{ outcome: object }>),
    ];
    expect(settled?.outcome).toMatchObject({ status: 'failed', reason: 'not mine', hint: 'look' });
    const [open] = [...(plan.strategy.submit(instance) as Iterable<{ outcome: object }>)];
    expect(open?.outcome).toMatchObject({ status: 'deferred' });
  });

  test('may decide whether a task is done at all: what it may write is unknown from then on', async () => {
    const { told, plan } = await planOf(
      `${command}- { name: perhaps, command: y, when: eq r.rc 0 }\n${folder}${ask}`,
    );
    expect(told).toEqual(['run: changed', 'perhaps: deferred', 'folder: deferred', 'ask: deferred']);
    expect(plan.hasChanges).toBe(true);
  });
});

describe('an API that does not answer', () => {
  test('is a failure where nothing before it starts something', async () => {
    const { told, plan } = await planOf(ask);
    expect(told).toEqual(['ask: failed']);
    expect(plan.silence).toMatchObject({ instance: { name: 'ask' }, reason: 'http://127.0.0.1/: refused' });
  });

  test('is waited for later where something before it may start it', async () => {
    const { told, plan } = await planOf(folder + ask);
    expect(told).toEqual(['folder: changed', 'ask: deferred']);
    expect(plan.reports[1]?.reason).toBe('what it asks is not up yet');
    expect(plan.silence).toBeUndefined();
  });

  test('is what a task with until is there for', async () => {
    const { told, plan } = await planOf(ask.replace(' }\n', ', register: r, until: eq r.status 200 }\n'));
    expect(told).toEqual(['ask: deferred']);
    expect(plan.silence?.instance.name).toBe('ask');
  });

  test('is not waited for ahead of a change that may bring the answer', async () => {
    const patient = ask.replace(' }\n', ', register: r, until: eq r.status 200 }\n');
    const { told, plan } = await planOf(`- { name: set, hostname: { name: a } }\n${patient}`);
    expect(told).toEqual(['set: changed', 'ask: deferred']);
    expect(plan.silence).toBeUndefined();
  });

  test('is still to be waited for beside a failure that is ignored, and not where the answer is final', async () => {
    const { plan } = await planOf('- { name: stop, fail: { msg: stop }, ignore_errors: true }\n' + ask);
    expect(plan.silence?.instance.name).toBe('ask');
    const { plan: final } = await planOf(ask, { api: { answered: true, status: 404, body: '' } });
    expect(final.silence).toBeUndefined();
  });

  test('and one that does is no change', async () => {
    const { told, plan } = await planOf(ask, { api: up });
    expect(told).toEqual(['ask: ok']);
    expect(plan.hasChanges).toBe(false);
  });
});

test('a host that is lost fails its tasks with why', async () => {
  const { told, failure } = await planOf(folder, { isLost: true });
  expect(told).toEqual(['folder: failed']);
  expect(failure).toBeInstanceOf(UnreachableError);
  expect(failure?.message).toBe('a is lost');
});

test('a plan concerns the plays that have something to do', async () => {
  const { plan, run } = await planOf(folder);
  const play = run.options.plays[0]?.play;
  if (!play) throw new Error('no play');
  expect(plan.concerns(play)).toBe(true);
  expect(plan.concerns({ ...play, at: { ...play.at } })).toBe(false);
});

describe('what a change takes for granted', () => {
  const copy = '- { name: copy, copy: { dest: /x/y, content: a, owner: app } }\n';
  const user = '- { name: user, user: { name: app } }\n';

  test('is refused where it is not there', async () => {
    const { plan } = await planOf(copy);
    expect(plan.reports).toMatchObject([{ status: 'failed', reason: '/x does not exist' }]);
    const { plan: owned } = await planOf(folder + copy);
    expect(owned.reports[1]).toMatchObject({ status: 'failed', reason: 'there is no user app' });
  });

  test('may be what earlier tasks make', async () => {
    const { told } = await planOf(folder + user + copy);
    expect(told).toEqual(['folder: changed', 'user: changed', 'copy: changed']);
  });

  test('is nothing that is known once a change may have made whatever', async () => {
    const { told } = await planOf(command + copy);
    expect(told).toEqual(['run: changed', 'copy: deferred']);
    const provides = command.replace('command: x', 'command: x, provides: { units: [s] }');
    expect((await planOf(provides + copy)).told).toEqual(['run: changed', 'copy: changed']);
  });
});
