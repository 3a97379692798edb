import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { surviveLostOutput } from '../../../src/cli/lost-output.ts';

const failure = (code: string) => Object.assign(new Error(code), { code, errno: -1, syscall: 'write' });

test('a reader that has gone ends nothing, and is not told of', () => {
  const [out, err] = [new EventEmitter(), new EventEmitter()];
  const told: string[] = [];
  const isLost = surviveLostOutput([out, err], (message) => told.push(message));
  for (const stream of [out, err]) stream.emit('error', failure('EPIPE'));
  expect([told, isLost()]).toEqual([[], false]);
});

test('a full disk is told of in words, once', () => {
  const [out, err] = [new EventEmitter(), new EventEmitter()];
  const told: string[] = [];
  const isLost = surviveLostOutput([out, err], (message) => told.push(message));
  for (const stream of [out, err]) stream.emit('error', failure('ENOSPC'));
  expect(told).toEqual(['drover: the output cannot be written: the disk is full\n']);
  expect(isLost()).toBe(true);
});
