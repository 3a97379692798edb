import { expect, test } from 'vitest';
import { UsageError } from '../../../src/core/errors.ts';
import { requireDescriptors } from '../../../src/transport/descriptors.ts';

test('connections that the process could not have open are refused beforehand, with the way out', () => {
  expect(() => requireDescriptors(500, 1024)).not.toThrow();
  expect(() => requireDescriptors(500)).not.toThrow();
  try {
    requireDescriptors(500, 512);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      message: '500 connections need 564 open files, and the limit is 512',
      hint: 'raise it (ulimit -n 564), or do fewer hosts at a time (--limit)',
    });
  }
});
