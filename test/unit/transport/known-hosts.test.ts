import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KnownHosts } from '../../../src/transport/known-hosts.ts';
import { folderOf } from '../support.ts';

test('KnownHosts.read parses files once, and again when one has changed', () => {
  const key = Buffer.from('a key');
  const folder = folderOf({ known_hosts: `10.0.0.1 ssh-ed25519 ${key.toString('base64')}\n` });
  const paths = [join(folder, 'known_hosts'), join(folder, 'missing')];
  const first = KnownHosts.read(paths);
  expect(first.verdict('10.0.0.1', key)).toBe('known');
  expect(first.verdict('10.0.0.2', key)).toBe('unknown');
  expect(KnownHosts.read(paths)).toBe(first);

  appendFileSync(join(folder, 'known_hosts'), `10.0.0.2 ssh-ed25519 ${key.toString('base64')}\n`);
  expect(KnownHosts.read(paths).verdict('10.0.0.2', key)).toBe('known');
});
