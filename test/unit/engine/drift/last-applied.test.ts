import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Vault } from '../../../../src/core/secrets.ts';
import {
  parseLastApplied,
  renderLastApplied,
  digestsOf,
  writeLastApplied,
  type Digests,
} from '../../../../src/engine/drift/last-applied.ts';
import type { ModuleContext } from '../../../../src/modules/define-module.ts';
import { folderOf } from '../../support.ts';
import { instanceWith, playWith, taskWith } from '../built.ts';

const vault = new Vault();
const password = vault.seal('password', 'hunter22');
const context = {
  digest: (text: string) => `digest of ${text}`,
  redact: (text: string) => vault.redact(text),
} as ModuleContext;

function wanted(
  tasks: readonly { name: string; params: object; label?: string; readOnly?: boolean; host?: string }[],
) {
  const reports = tasks.map(({ name, params, label, readOnly = false, host = 'a' }) => {
    const task = taskWith({ module: { readOnly } });
    const instance = instanceWith({ name, label, host, task, bound: { params } });
    const outcome = { status: 'ok', changes: [], result: {} } as const;
    const play = playWith({ name: 'p' });
    return { host, play, task, name, status: 'ok' as const, instances: [{ instance, outcome }] };
  });
  return [...digestsOf(reports, 'a', context).values()].flatMap(({ own, paths }) => [own, ...paths.values()]);
}

describe('what tasks want', () => {
  test('is told by play, task and item; of two of one name the first stays the first', () => {
    const [one, two, other, again] = wanted([
      { name: 't', params: { x: 1 } },
      { name: 't', params: { x: 1 } },
      { name: 't', params: { x: 1 }, label: 'item' },
      { name: 't', params: { x: 2 } },
    ]);
    expect(new Set([one?.key, two?.key, other?.key, again?.key]).size).toBe(4);
    expect(wanted([{ name: 't', params: { x: 2 } }])[0]).toMatchObject({ key: one?.key, play: one?.play });
    expect(one?.params).toBe(two?.params);
    expect(one?.params).not.toBe(again?.params);
  });

  test('leaves out what only reads, and other hosts', () => {
    expect(
      wanted([
        { name: 't', params: {}, readOnly: true },
        { name: 't', params: {}, host: 'b' },
      ]),
    ).toEqual([]);
  });

  test('has a digest of a file, unless there is a secret in it; and none of a secret', () => {
    const file = (content: string) => wanted([{ name: 't', params: { dest: '/f', content } }])[0];
    expect(file('x')?.content).toBe('digest of x'.slice(0, 16));
    expect(file(`x ${password}`)?.content).toBeUndefined();
    // The same whatever the value is, and wherever it got past its placeholder.
    expect(file(`x ${password}`)?.params).toBe(file('x hunter22')?.params);
  });

  test('is told of each path of a folder', () => {
    const folder = (tree: object[]) => wanted([{ name: 't', params: { dest: '/srv', tree } }]);
    const [own, sub, a] = folder([{ path: 'sub' }, { path: 'sub/a', content: 'x' }]);
    expect([sub?.content, a?.content]).toEqual([undefined, 'digest of x'.slice(0, 16)]);
    expect(new Set([own?.key, sub?.key, a?.key]).size).toBe(3);
    const [other, ...parts] = folder([{ path: 'sub/a', content: 'y' }]);
    expect(other).toMatchObject({ key: own?.key, params: own?.params });
    expect(other?.content).not.toBe(own?.content);
    expect(parts).toEqual([{ ...a, content: 'digest of y'.slice(0, 16) }]);
  });
});

describe('the file', () => {
  const one: Digests = { key: 'k1', play: 'p1', params: 'x', content: 'c' };
  const two: Digests = { key: 'k2', play: 'p1', params: 'y', content: undefined };
  const other: Digests = { key: 'k3', play: 'p2', params: 'z', content: undefined };
  const before = parseLastApplied(renderLastApplied(new Map(), [one, two, other], true));

  test('reads back as it was', () => {
    expect([...before.values()]).toEqual([one, two, other]);
    expect(parseLastApplied(undefined).size).toBe(0);
    expect(parseLastApplied('half a line').size).toBe(0);
  });

  test('keeps other plays, and after some tasks of a play its others too', () => {
    const now = [{ ...one, params: 'new' }];
    const keys = (text: string) =>
      [...parseLastApplied(text).values()].map(({ key, params }) => `${key} ${params}`);
    expect(keys(renderLastApplied(before, now, true))).toEqual(['k1 new', 'k3 z']);
    expect(keys(renderLastApplied(before, now, false))).toEqual(['k1 new', 'k2 y', 'k3 z']);
  });

  test('is empty of more tasks than could be read back', () => {
    const many = Array.from({ length: 9000 }, (_, n) => ({ ...one, key: `k${n}`, content: 'c'.repeat(64) }));
    expect(renderLastApplied(before, many, false)).toBe('');
  });

  test('leaves the paths of folders out first', () => {
    const parts = Array.from({ length: 9000 }, (_, n) => ({
      ...one,
      key: `part${n}`,
      content: 'c'.repeat(64),
      isPart: true as const,
    }));
    expect(renderLastApplied(before, [two, ...parts], false)).toBe(renderLastApplied(before, [two], false));
    // What was noted of them would be held against what is there by now.
    const noted = new Map([...before, ['part7', { ...one, key: 'part7' }]]);
    expect(renderLastApplied(noted, [two, ...parts], false)).toBe(renderLastApplied(before, [two], false));
  });

  test('does not depend on the order of tasks', () => {
    expect(renderLastApplied(new Map(), [other, two, one], true)).toBe(
      renderLastApplied(new Map(), [one, two, other], true),
    );
  });

  test('is its owner’s alone', () => {
    const folder = folderOf({});
    const script = writeLastApplied('k p x -\n').replaceAll('/var/lib/drover', join(folder, 'drover'));
    expect(spawnSync('/bin/sh', ['-c', `umask 022; ${script}`]).status).toBe(0);
    expect(readFileSync(join(folder, 'drover/wanted'), 'utf8')).toBe('k p x -\n');
    expect(statSync(join(folder, 'drover/wanted')).mode & 0o777).toBe(0o600);
  });
});
