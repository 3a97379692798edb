import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drover, expectExit, madeChanges, plannedChanges, TestLab, writeInventory } from './harness.ts';

const lab = new TestLab();
const folder = mkdtempSync(join(tmpdir(), 'drover-e2e-'));
const playbook = join(folder, 'play.yml');
const saved = join(folder, 'plan.json');

writeFileSync(
  playbook,
  `- name: files
  hosts: all
  vars: { text: one }
  tasks:
    - name: first
      copy: { dest: /root/first, content: "{{text}}\\n" }
    - name: second
      copy: { dest: /root/second, content: "two\\n" }
`,
);

beforeAll(() => lab.up(writeInventory('all: { hosts: { node1: { ansible_host: 10.0.0.1 } } }\n')));
afterAll(() => lab.down());

const plan = (...args: string[]) =>
  drover('plan', playbook, '-i', lab.inventory, '-o', saved, '--json', ...args);
const apply = () => drover('apply', saved, '--json');

describe('a plan that is kept in a file', () => {
  it('is for its owner alone, and is done exactly', async () => {
    const planned = await plan();
    expectExit(planned, 2);
    expect(statSync(saved).mode & 0o777).toBe(0o600);
    const applied = await apply();
    expectExit(applied, 0);
    expect(madeChanges(applied)).toEqual(plannedChanges(planned));
    expect(await lab.on('node1', 'cat /root/first /root/second')).toBe('one\ntwo');
  });

  it('is refused once it has been done', async () => {
    const applied = await apply();
    expectExit(applied, 8);
    expect(applied.stderr).toContain(
      'node1: first: planned was to create /root/first, now it would be to change nothing',
    );
    expect(madeChanges(applied)).toEqual([]);
  });

  it('keeps the variables that it was made with', async () => {
    expectExit(await plan('-e', 'text=three'), 2);
    expectExit(await apply(), 0);
    expect(await lab.on('node1', 'cat /root/first')).toBe('three');
  });

  it('is refused when a host has moved on, and names what', async () => {
    expectExit(await plan('-e', 'text=four'), 2);
    await lab.on('node1', 'echo by hand >/root/first; rm /root/second');
    const applied = await apply();
    expectExit(applied, 8);
    expect(applied.stderr).toContain(
      'node1: first: update /root/first, but from or to another state than planned',
    );
    expect(applied.stderr).toContain(
      'node1: second: planned was to change nothing, now it would be to create /root/second',
    );
    expect(madeChanges(applied)).toEqual([]);
    expect(await lab.on('node1', 'cat /root/first')).toBe('by hand');
  });

  it('is refused when it is no plan', async () => {
    writeFileSync(saved, '{"v":1}');
    const applied = await apply();
    expectExit(applied, 5);
    expect(applied.stderr).toContain('plan.json is no plan');
  });
});
