import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writePrivateFile } from '../../../src/core/private-file.ts';

test('a file is its owner’s alone, whatever lay in its place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-unit-'));
  const path = join(folder, 'secrets.yml');
  for (const left of [path, `${path}.${process.pid}`]) {
    writeFileSync(left, 'former');
    chmodSync(left, 0o644);
  }
  writePrivateFile(path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['secrets.yml']);
});
