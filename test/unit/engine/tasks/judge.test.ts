import { describe, expect, test } from 'vitest';
import {
  ConvergenceError,
  InvalidInputError,
  UnhealthyError,
  UnreachableError,
} from '../../../../src/core/errors.ts';
import { awaited, failureOf, mayPass, outcomeInSync, outcomeOf } from '../../../../src/engine/tasks/judge.ts';
import { identify, type FactRecord } from '../../../../src/facts/need.ts';
import { LocalLab } from '../local.ts';
import { playOf, Scripted, walkOn } from '../walked.ts';

const change = { action: 'run', resource: 'x' } as const;
const output = { status: 0, stdout: 'hello\n', stderr: '' };
const broken = { status: 3, stdout: '', stderr: 'one\nno such file\n' };

/** The instance of a task, of a run that is connected. */
async function instanceOf(task: string) {
  const { run } = await new LocalLab().context(playOf(`- ${task}`));
  const strategy = new Scripted();
  await walkOn(run, strategy);
  const [settled] = strategy.reports[0]?.instances ?? [];
  if (!settled) throw new Error('the task has no instance');
  return { instance: settled.instance, fleet: run.fleet };
}

const commandOf = async (keywords = '') =>
  (await instanceOf(`{ name: t, command: x${keywords === '' ? '' : `, ${keywords}`} }`)).instance;

describe('what a command ended with', () => {
  test('is a change where it ended well, with its output as the result', async () => {
    expect(outcomeOf(await commandOf(), [change], output)).toEqual({
      status: 'changed',
      changes: [change],
      result: { rc: 0, stdout: 'hello', stderr: '', stdout_lines: ['hello'], stderr_lines: [] },
    });
  });

  test('is a failure where it did not, with its last words as the reason', async () => {
    const outcome = outcomeOf(await commandOf(), [change], broken);
    expect(outcome).toMatchObject({ status: 'failed', result: { rc: 3 } });
    expect(outcome.reason).toMatch(/no such file/);
    expect(outcome.error).toBeUndefined();
  });

  test('is for failed_when to judge: it may fail what ended well', async () => {
    const instance = await commandOf("register: r, failed_when: eq r.stdout 'hello'");
    expect(outcomeOf(instance, [change], output)).toMatchObject({
      status: 'failed',
      reason: "failed_when holds: eq r.stdout 'hello'",
      result: { msg: "failed_when holds: eq r.stdout 'hello'", failed: true, failed_when_result: true },
    });
  });

  test('is for failed_when to judge: it may let pass what ended badly', async () => {
    const instance = await commandOf('register: r, failed_when: eq r.rc 1');
    expect(outcomeOf(instance, [change], broken)).toMatchObject({ status: 'changed', result: { rc: 3 } });
  });

  test('is for changed_when to judge: what changed nothing has no changes', async () => {
    const instance = await commandOf("register: r, changed_when: ne r.stdout 'hello'");
    expect(outcomeOf(instance, [change], output)).toMatchObject({ status: 'ok', changes: [] });
    expect(outcomeOf(instance, [change], { ...output, stdout: 'other' })).toMatchObject({
      status: 'changed',
      changes: [change],
    });
  });

  test('changed_when does not save what has failed', async () => {
    expect(outcomeOf(await commandOf('changed_when: false'), [change], broken).status).toBe('failed');
  });
});

describe('until', () => {
  const ready = "register: r, until: eq r.stdout 'hello'";

  test('holds for the result that it asks for, and for no other', async () => {
    const instance = await commandOf(ready);
    expect(awaited(instance, outcomeOf(instance, [change], output))).toBe(true);
    expect(awaited(instance, outcomeOf(instance, [change], { ...output, stdout: 'not yet' }))).toBe(false);
  });

  test('may hold for a command that failed: its end is a result like others', async () => {
    const instance = await commandOf('register: r, until: r.failed');
    expect(awaited(instance, outcomeOf(instance, [change], broken))).toBe(true);
    expect(awaited(instance, outcomeOf(instance, [change], output))).toBe(false);
  });

  test('does not hold without a result, or on a host that is lost', async () => {
    const instance = await commandOf("register: r, until: 'true'");
    expect(awaited(instance, { status: 'deferred', changes: [], result: undefined })).toBe(false);
    const error = new UnreachableError('away');
    expect(awaited(instance, { status: 'failed', changes: [], result: {}, error })).toBe(false);
    expect(awaited(instance, { status: 'ok', changes: [], result: {} })).toBe(true);
  });

  test('is asked of a failed attempt, too, and does not hold where that lacks what it asks for', async () => {
    const { instance } = await instanceOf(
      "{ uri: { url: 'http://127.0.0.1/' }, register: r, until: eq r.json.up 'yes' }",
    );
    const of = (status: 'ok' | 'failed', result: Record<string, unknown>) =>
      awaited(instance, { status, changes: [], result });
    expect(of('failed', { json: { up: 'yes' } })).toBe(true);
    expect(of('failed', { status: -1 })).toBe(false);
    expect(of('ok', { json: { up: 'no' } })).toBe(false);
    expect(of('ok', { status: 200 })).toMatchObject({
      status: 'failed',
      error: { diagnostics: [{ message: 'no "json" in it', hosts: ['a'] }] },
    });
  });
});

describe('a result', () => {
  const stat = (keywords: string) => instanceOf(`{ stat: { path: /x }, register: r, ${keywords} }`);

  test('of a task that changes nothing is judged like others', async () => {
    const { instance } = await stat('failed_when: not r.stat.exists, changed_when: r.stat.exists');
    expect(outcomeInSync(instance, { stat: { exists: false } })).toMatchObject({
      status: 'failed',
      reason: 'failed_when holds: not r.stat.exists',
      result: { failed: true, changed: false },
    });
    expect(outcomeInSync(instance, { stat: { exists: true } })).toMatchObject({
      status: 'changed',
      result: { failed: false, changed: true },
    });
  });

  test('is judged by changed_when first: failed_when sees what that said', async () => {
    const { instance } = await stat("changed_when: 'true', failed_when: r.changed");
    expect(outcomeInSync(instance, {}).status).toBe('failed');
  });

  test.each([
    ['failed_when: r.stat.nowhere', 'no "nowhere" in it'],
    ['changed_when: r.stat.word', 'a condition must be true or false, and this is text'],
    ['failed_when: eq hostvars.a.nowhere 1', 'no "nowhere" in it'],
  ])('that %s cannot judge fails the task, with its place', async (condition, message) => {
    const { instance } = await stat(condition);
    const outcome = outcomeInSync(instance, { stat: { word: 'x' } });
    expect(outcome.error).toBeInstanceOf(InvalidInputError);
    expect((outcome.error as InvalidInputError).diagnostics).toMatchObject([{ message, hosts: ['a'] }]);
    expect((outcome.error as InvalidInputError).diagnostics[0]?.at).toBeDefined();
  });
});

describe('a task that was carried out', () => {
  const folder = "{ name: folder, file: { path: /x, state: directory, mode: '0755' } }";
  async function outcomeWith(records: readonly FactRecord[]) {
    const { instance, fleet } = await instanceOf(folder);
    const known = instance.needs.map((need): [string, readonly FactRecord[]] => [identify(need), records]);
    fleet.get('a').world.learn(new Map(known));
    return outcomeOf(instance, [change], { ...output, stdout: '' }, fleet);
  }

  test('is done once its facts are in sync', async () => {
    expect(await outcomeWith([['directory', '755', 'root', 'root']])).toEqual({
      status: 'changed',
      changes: [change],
      result: {},
    });
  });

  test('and is still not in sync has not converged, and says what is open', async () => {
    const outcome = await outcomeWith([]);
    expect(outcome.status).toBe('failed');
    expect(outcome.error).toBeInstanceOf(ConvergenceError);
    expect(outcome.reason).toMatch(/^a: "folder" was carried out and is still not in sync: create .*\/x/);
  });
});

describe('what cannot be carried out', () => {
  const silent = (reason: string) => ({ state: 'silent', reason }) as const;
  const refused = (reason: string, hint: string) => ({ state: 'refused', reason, hint }) as const;

  test('a silence is unhealthy, and may pass while nothing is to be done about it', async () => {
    const outcome = failureOf(await commandOf(), silent('no answer'));
    expect(outcome).toMatchObject({ status: 'failed', changes: [], result: { msg: 'no answer' } });
    expect(outcome.error).toBeInstanceOf(UnhealthyError);
    expect(outcome.error?.message).toBe('a: no answer');
    expect(mayPass(outcome)).toBe(true);
    expect(mayPass(failureOf(await commandOf(), { ...silent('404'), hint: 'look at the path' }))).toBe(false);
  });

  test('a refusal is invalid input, with the task’s place and its host, and does not pass', async () => {
    const instance = await commandOf();
    const outcome = failureOf(instance, refused('no such user', 'create it'));
    expect(outcome.error).toBeInstanceOf(InvalidInputError);
    expect((outcome.error as InvalidInputError).diagnostics).toEqual([
      { message: 'no such user', hint: 'create it', at: instance.task.at, hosts: ['a'] },
    ]);
    expect(mayPass(outcome)).toBe(false);
  });
});
