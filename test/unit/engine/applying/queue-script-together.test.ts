import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { queueScript, parseQueueOutput, type Segment } from '../../../../src/engine/applying/queue-script.ts';
import { guardDigest } from '../../../../src/facts/collectors.ts';

const nonce = '0123456789abcdef';
const unguarded = { guard: [], digest: guardDigest([], () => []) };

/** Runs a batch in a real shell. */
function carryOut(segments: readonly Segment[]) {
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', `N=${nonce}\n${queueScript(segments, [])}`], {
    encoding: 'utf8',
  });
  return parseQueueOutput(nonce, segments.length, stdout, stderr);
}

const done = { status: 0, stdout: '', stderr: '' };

describe('a segment whose scripts go together', () => {
  test('reports each of its changes, and lets the next segment go on', () => {
    const output = carryOut([
      { ...unguarded, scripts: [], together: { changes: 2, script: 'true', isOneTask: false } },
      { ...unguarded, scripts: ['echo next'] },
    ]);
    expect(output.segments).toEqual([[done, done], [{ ...done, stdout: 'next\n' }]]);
    expect(output.stoppedAt).toBeUndefined();
  });

  test('reports none and stops the batch when it fails, so that they can go one by one', () => {
    const output = carryOut([
      {
        ...unguarded,
        scripts: [],
        together: { changes: 2, script: 'echo no >&2; false; true', isOneTask: false },
      },
      { ...unguarded, scripts: ['echo next'] },
    ]);
    expect(output).toEqual({
      segments: [[], []],
      stoppedAt: undefined,
      apart: 0,
      isThrough: true,
      collected: '',
    });
  });

  test('fails as its task does where there is only one, which is not taken apart', () => {
    const output = carryOut([
      { ...unguarded, scripts: [], together: { changes: 2, script: 'echo no >&2; exit 7', isOneTask: true } },
      { ...unguarded, scripts: ['echo next'] },
    ]);
    const failed = { status: 7, stdout: '', stderr: 'no\n' };
    expect(output).toEqual({
      segments: [[failed], []],
      stoppedAt: undefined,
      apart: undefined,
      isThrough: true,
      collected: '',
    });
  });

  test('does not begin when the host is in another state', () => {
    const output = carryOut([
      {
        guard: [],
        digest: 'another',
        scripts: [],
        together: { changes: 1, script: 'echo done', isOneTask: false },
      },
    ]);
    expect(output).toEqual({ segments: [[]], stoppedAt: 0, isThrough: true, collected: '' });
  });
});
