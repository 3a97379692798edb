import { describe, expect, test } from 'vitest';
import { showSeconds } from '../../../src/core/duration.ts';
import {
  ConvergenceError,
  maskError,
  messageOf,
  TaskFailedError,
  worstExitCode,
  type ExitCode,
} from '../../../src/core/errors.ts';

describe('worstExitCode', () => {
  const rising: ExitCode[] = [0, 2, 7, 3, 4, 6, 8, 5, 1, 64, 130];

  test('each code wins over all before it, in any order', () => {
    for (const [index, worst] of rising.entries()) {
      const codes = rising.slice(0, index + 1);
      expect(worstExitCode(codes)).toBe(worst);
      expect(worstExitCode(codes.reverse())).toBe(worst);
    }
  });

  test('of nothing is 0', () => {
    expect(worstExitCode([])).toBe(0);
  });
});

test('a ConvergenceError is a failed task with a name of its own', () => {
  const cause = new Error('underneath');
  const error = new ConvergenceError('still out of sync', { hint: 'look', cause });
  expect(error).toBeInstanceOf(TaskFailedError);
  expect(error).toMatchObject({
    name: 'ConvergenceError',
    exitCode: 3,
    hint: 'look',
    cause,
  });
  expect([messageOf(error), messageOf('text')]).toEqual(['still out of sync', 'text']);
});

test.each([
  [0, '0.0 s'],
  [0.44, '0.4 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [200, '3 min 20 s'],
  [3599.7, '60 min 0 s'],
])('%d seconds are %s', (seconds, shown) => {
  expect(showSeconds(seconds)).toBe(shown);
});

test('what is secret is masked in all that is printed of an error: its message, its hint, its stack', () => {
  const redact = (text: string) => text.replaceAll('sesame', '…');
  const error = new TaskFailedError('a: sesame', { hint: 'not sesame' });
  expect(maskError(error, redact)).toBe(error);
  expect([error.message, error.hint]).toEqual(['a: …', 'not …']);
  expect(error.stack).not.toContain('sesame');
  expect(maskError('no error', redact)).toBe('no error');
});
