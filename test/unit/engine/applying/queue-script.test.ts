import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { queueScript, parseQueueOutput, type Segment } from '../../../../src/engine/applying/queue-script.ts';
import { guardDigest, parseCollected, collectScript } from '../../../../src/facts/collectors.ts';
import { identify, type Need } from '../../../../src/facts/need.ts';
import { needDigest } from '../../../../src/facts/content.ts';
import { needPath } from '../../../../src/facts/path.ts';
import { folderOf } from '../../support.ts';

const sh = (script: string) =>
  execFileSync('/bin/sh', ['-c', `N=nonce\n${script}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

/** A segment that is planned from what the files are now. */
function segment(needs: readonly Need<unknown>[], ...scripts: readonly string[]): Segment {
  const facts = parseCollected(sh(collectScript(needs)), needs);
  return { guard: needs, digest: guardDigest(needs, (need) => facts.get(identify(need)) ?? []), scripts };
}

describe('a batch', () => {
  test('carries segments out in order, tells how each ended, and collects in the end', () => {
    const folder = folderOf({ f: 'old\n' });
    const f = join(folder, 'f');
    const need = needDigest(f);
    const segments = [
      segment([need, needPath(f)], `echo one`, `printf new > ${f}`),
      segment([], 'cat', 'echo "it is" two'),
    ];
    const output = parseQueueOutput('nonce', 2, sh(queueScript(segments, [need])), '');
    expect(output.segments.map((changes) => changes.map(({ status, stdout }) => [status, stdout]))).toEqual([
      [
        [0, 'one\n'],
        [0, ''],
      ],
      [
        [0, ''],
        [0, 'it is two\n'],
      ],
    ]);
    expect(output.stoppedAt).toBeUndefined();
    expect(output.collected).toMatch(/^digest\t.*\t[0-9a-f]{64}\n$/);
    expect(readFileSync(f, 'utf8')).toBe('new');
  });

  test('stops before the segment whose facts are not any more what it was planned from', () => {
    const folder = folderOf({ f: 'old\n' });
    const f = join(folder, 'f');
    const planned = segment([needDigest(f)], `echo never > ${f}`);
    writeFileSync(f, 'changed\n');
    const output = parseQueueOutput(
      'nonce',
      3,
      sh(queueScript([segment([], 'echo first'), planned, segment([], 'echo no')], [])),
      '',
    );
    expect(output.stoppedAt).toBe(1);
    expect(output.segments.map((changes) => changes.length)).toEqual([1, 0, 0]);
    expect(output.collected).toBe('');
    expect(readFileSync(f, 'utf8')).toBe('changed\n');
  });

  test('stops at the first change that fails, at its first command that does', () => {
    const output = parseQueueOutput(
      'nonce',
      2,
      sh(queueScript([segment([], 'echo a; false; echo b', 'echo c'), segment([], 'echo d')], [])),
      '',
    );
    expect(output.segments).toEqual([[{ status: 1, stdout: 'a\n', stderr: '' }], []]);
    expect(output.stoppedAt).toBeUndefined();
    expect(output.collected).toBe('');
  });

  test('that was cut off has collected nothing', () => {
    const whole = sh(queueScript([segment([], 'echo a'), segment([], 'echo b')], []));
    const cut = parseQueueOutput('nonce', 2, whole.slice(0, whole.indexOf('b\n')), '');
    expect(cut.collected).toBeUndefined();
    expect(cut.segments.map((changes) => changes.length)).toEqual([1, 0]);
  });

  test('gives each change its own errors', () => {
    const stdout = '\nnonce change 0 0\n\nnonce change 1 3\n\nnonce after\n';
    const { segments } = parseQueueOutput('nonce', 2, stdout, 'one\n\nnonce change\ntwo\n\nnonce change\n');
    expect(segments.flat().map(({ status, stderr }) => [status, stderr.trim()])).toEqual([
      [0, 'one'],
      [3, 'two'],
    ]);
  });
});

test('a guard holds for the same facts in any order, and each of them once', () => {
  const needs = [needDigest('/a'), needDigest('/b')];
  const records = (need: Need<unknown>) => [[`digest of ${need.key}`]];
  const digest = guardDigest(needs, records);
  expect(guardDigest([...needs].reverse(), records)).toBe(digest);
  expect(guardDigest([...needs, ...needs], records)).toBe(digest);
  expect(guardDigest(needs, () => [['other']])).not.toBe(digest);
  expect(guardDigest(needs, () => [])).not.toBe(digest);
});
