import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { vaultPasswordsOf } from '../../../src/cli/vault-passwords.ts';
import { UsageError } from '../../../src/core/errors.ts';
import { folderOf } from '../support.ts';

afterEach(() => vi.unstubAllEnvs());

const none = { vaultPasswordFile: [], vaultId: [] };

test('passwords are in files, or printed by programs; those of --vault-id come first', async () => {
  const folder = folderOf({
    file: ' sesame\n',
    env: 'from the environment\n',
    program: '#!/bin/sh\necho " printed $# "\n',
    'keys-client.sh': '#!/bin/sh\necho "$*"\n',
  });
  const at = (name: string) => join(folder, name);
  for (const name of ['program', 'keys-client.sh']) chmodSync(at(name), 0o755);
  vi.stubEnv('ANSIBLE_VAULT_PASSWORD_FILE', at('env'));
  expect(
    await vaultPasswordsOf({
      vaultPasswordFile: [at('file')],
      vaultId: [`prod@${at('keys-client.sh')}`, at('program')],
    }),
  ).toEqual([
    { label: 'prod', password: '--vault-id prod' },
    { label: 'default', password: ' printed 0 ' },
    { label: 'default', password: 'sesame' },
    { label: 'default', password: 'from the environment' },
  ]);
});

test.each([
  ['is not there', {}, 'there is no such file'],
  ['is empty', { pw: ' \n' }, 'it is empty'],
])('a file that %s is refused', async (_, files, reason) => {
  const path = join(folderOf(files), 'pw');
  await expect(vaultPasswordsOf({ ...none, vaultPasswordFile: [path] })).rejects.toThrow(
    new UsageError(`the vault password file ${path}: ${reason}`),
  );
});

test('a program that fails is refused', async () => {
  const path = join(folderOf({ pw: '#!/bin/sh\necho half\nexit 2\n' }), 'pw');
  chmodSync(path, 0o755);
  await expect(vaultPasswordsOf({ ...none, vaultPasswordFile: [path] })).rejects.toThrow(
    new UsageError(`the vault password file ${path}: it ended with exit code 2`),
  );
});

test('nobody is asked without a terminal', async () => {
  await expect(vaultPasswordsOf({ ...none, askVaultPass: true })).rejects.toThrow(UsageError);
});

test('the ~ in --vault-id is the home folder', async () => {
  const home = folderOf({ pw: 'at home' });
  vi.stubEnv('HOME', home);
  expect(await vaultPasswordsOf({ ...none, vaultId: ['prod@~/pw'] })).toEqual([
    { label: 'prod', password: 'at home' },
  ]);
});
