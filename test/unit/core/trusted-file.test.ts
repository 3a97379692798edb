import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTrustedFile } from '../../../src/core/trusted-file.ts';
import { folderOf } from '../support.ts';

function secret(mode = 0o600): string {
  const path = join(folderOf({ 'secrets.yml': 'a: b' }), 'secrets.yml');
  chmodSync(path, mode);
  return path;
}

test('one’s own file is read, by a link, too', () => {
  const path = secret();
  symlinkSync(path, `${path}.link`);
  for (const one of [path, `${path}.link`]) expect(String(readTrustedFile(one, 0o077))).toBe('a: b');
});

test('modes are held against what must not be', () => {
  expect(() => readTrustedFile(secret(0o640), 0o077)).toThrow('it can be read by others');
  expect(String(readTrustedFile(secret(0o644), 0o022))).toBe('a: b');
  for (const mode of [0o666, 0o620])
    expect(() => readTrustedFile(secret(mode), 0o022)).toThrow('others than its owner can write to it');
});

test.skipIf(process.getuid?.() !== 0)('another user’s is refused', () => {
  const path = secret();
  chownSync(path, 65534, 65534);
  expect(() => readTrustedFile(path, 0o077)).toThrow('it belongs to another user (uid 65534)');
});

test('a pipe, a device and a folder are refused at once', () => {
  const folder = folderOf({});
  execFileSync('/bin/sh', ['-c', `mkfifo -m 600 ${folder}/pipe`]);
  symlinkSync('/dev/zero', join(folder, 'zero'));
  mkdirSync(join(folder, 'folder'));
  for (const name of ['pipe', 'zero', 'folder'])
    expect(() => readTrustedFile(join(folder, name), 0o077)).toThrow('it is no regular file');
});
