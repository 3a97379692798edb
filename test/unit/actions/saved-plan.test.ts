import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { expectPlan, readPlan, savePlan } from '../../../src/actions/saved-plan.ts';
import { StalePlanError } from '../../../src/core/errors.ts';
import type { Change } from '../../../src/plan/change.ts';
import { folderOf } from '../support.ts';

const plain = (text: string) => text;

const state = mkdtempSync(join(tmpdir(), 'drover-unit-'));
beforeAll(() => void vi.stubEnv('XDG_STATE_HOME', state));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(state, { recursive: true });
});

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
  savePlan(path, { reports }, { playbook: 'site.yml', input }, plain);
  return readPlan(path);
}

/** What is said of a plan that is no longer the saved one. */
function differences(before: readonly Report[], now: readonly Report[]): string[] {
  try {
    expectPlan({ reports: now }, saved(...before), plain);
    return [];
  } catch (error) {
    if (!(error instanceof StalePlanError)) throw error;
    return error.message.split('\n').slice(1);
  }
}

describe('a saved plan', () => {
  test('can be read by its owner only, as variables may be secret', () => {
    const path = join(folderOf({}), 'plan.json');
    savePlan(path, { reports: [] }, { playbook: 'site.yml', input }, plain);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('has absolute paths, so that it can be applied from any folder', () => {
    const folder = folderOf({ 'hosts.yml': '' });
    const path = join(folder, 'plan.json');
    const from = {
      playbook: 'site.yml',
      input: { ...input, inventory: [join(folder, 'hosts.yml'), 'a,b'], extraVars: ['@vars.yml', 'n=1'] },
    };
    savePlan(path, { reports: [] }, from, plain);
    const { playbook, input: kept } = readPlan(path);
    expect(playbook).toBe(join(process.cwd(), 'site.yml'));
    expect(kept.extraVars).toEqual([`@${join(process.cwd(), 'vars.yml')}`, 'n=1']);
    expect(kept.inventory).toEqual([join(folder, 'hosts.yml'), 'a,b']);
  });

  test('holds digests of changes, not their content', () => {
    const path = join(folderOf({}), 'plan.json');
    savePlan(path, { reports: [report('a', 'config', [update])] }, { playbook: 'site.yml', input }, plain);
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
    expect(() => readPlan('/nowhere/plan.json')).toThrow(
      '/nowhere/plan.json is no plan: there is no such file',
    );
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

describe('a plan that could be another’s', () => {
  function written(): string {
    const path = join(folderOf({}), 'plan.json');
    savePlan(path, { reports: [report('a', 'x', [update])] }, { playbook: 'site.yml', input }, plain);
    return path;
  }

  test('is refused when it was changed, and says what to do', () => {
    const path = written();
    const text = readFileSync(path, 'utf8');
    for (const [what, other] of [
      ['site.yml', 'evil.yml'],
      ['"a,b"', '"c"'],
      ['maxconn', 'maxcon'],
      ['"seal": "', '"seal": "0'],
    ] as const) {
      writeFileSync(path, text.replace(what, other));
      if (text.includes(what)) expect(() => readPlan(path)).toThrow('was not made by you on this machine');
    }
    writeFileSync(path, text);
    expect(readPlan(path).input.inventory).toEqual(['a,b']);
  });

  test('is refused with another key, or without one', () => {
    const path = written();
    const key = join(state, 'drover/plan-key');
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const own = readFileSync(key, 'utf8');
    writeFileSync(key, `${'0'.repeat(64)}\n`);
    expect(() => readPlan(path)).toThrow('is another');
    rmSync(key);
    expect(() => readPlan(path)).toThrow(`there is no key in ${key}`);
    writeFileSync(key, own, { mode: 0o644 });
    expect(() => readPlan(path)).toThrow('it can be read by others');
    chmodSync(key, 0o600);
    readPlan(path);
  });

  test('is refused when others can write to it, or it is another user’s', () => {
    const path = written();
    chmodSync(path, 0o666);
    expect(() => readPlan(path)).toThrow('others than its owner can write to it');
    chmodSync(path, 0o600);
    if (process.getuid?.() !== 0) return;
    chownSync(path, 65534, 65534);
    expect(() => readPlan(path)).toThrow('it belongs to another user');
  });
});

describe('what a plan is written to', () => {
  const save = (path: string) => savePlan(path, { reports: [] }, { playbook: 'site.yml', input }, plain);

  test('stays a pipe, and is given the plan', async () => {
    const folder = folderOf({});
    // A reader that is there before the plan is, and a pipe that holds all of it.
    const script = `mkfifo ${folder}/pipe; cat < ${folder}/pipe > ${folder}/read &`;
    execFileSync('/bin/sh', ['-c', script], { stdio: 'ignore' });
    save(join(folder, 'pipe'));
    expect(lstatSync(join(folder, 'pipe')).isFIFO()).toBe(true);
    const given = () => (existsSync(join(folder, 'read')) ? readFileSync(join(folder, 'read'), 'utf8') : '');
    await expect.poll(given).toContain('"seal"');
    expect(readdirSync(folder).sort()).toEqual(['pipe', 'read']);
  });

  test.skipIf(process.getuid?.() !== 0)('stays a device', () => {
    const path = join(folderOf({}), 'null');
    execFileSync('/bin/sh', ['-c', `mknod ${path} c 1 3`]);
    save(path);
    expect(lstatSync(path).isCharacterDevice()).toBe(true);
  });

  test('stays a link, and the file that it leads to is written', () => {
    const folder = folderOf({ plan: '' });
    symlinkSync('plan', join(folder, 'link'));
    save(join(folder, 'link'));
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
    readPlan(join(folder, 'plan'));
  });

  test('is told in words where it cannot be', () => {
    const folder = folderOf({ file: '' });
    expect(() => save(folder)).toThrow(`the plan cannot be written to ${folder}: it is a directory`);
    expect(() => save(join(folder, 'none/plan'))).toThrow('there is no such file');
    expect(() => save(join(folder, 'file/plan'))).toThrow('a part of the path is no directory');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test.skipIf(process.getuid?.() !== 0)('is left clean on a full disk', () => {
    const folder = folderOf({});
    execFileSync('/bin/sh', ['-c', `mount -t tmpfs -o size=4k none ${folder}`]);
    try {
      execFileSync('/bin/sh', ['-c', `head -c 4096 /dev/zero > ${folder}/full || :`], { stdio: 'ignore' });
      expect(() => save(join(folder, 'plan'))).toThrow('the disk is full');
      expect(readdirSync(folder)).toEqual(['full']);
    } finally {
      execFileSync('/bin/sh', ['-c', `umount ${folder}`]);
    }
  });
});
