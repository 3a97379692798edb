import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, resolve } from 'node:path';
import type { VaultPassword } from '../config/vault.ts';
import { UsageError } from '../core/errors.ts';
import { whyNot } from '../core/system-error.ts';
import { askPassword } from './ask.ts';
import type { VaultFlags } from './options.ts';

/**
 * The passwords of ansible-vault, in Ansible's order: of `--vault-id`, of `--vault-password-file` and
 * ANSIBLE_VAULT_PASSWORD_FILE, and one that is asked for.
 */
export async function vaultPasswordsOf(flags: VaultFlags): Promise<VaultPassword[]> {
  const fromEnvironment = process.env['ANSIBLE_VAULT_PASSWORD_FILE'];
  const files = [...flags.vaultPasswordFile, ...(fromEnvironment ? [fromEnvironment] : [])];
  const ids = [
    ...flags.vaultId.map((id): [string, string] => {
      const [, label = 'default', from = id] = /^(.*?)@(.*)$/s.exec(id) ?? [];
      // A shell leaves the ~ after an @ as it is.
      return [label, from.replace(/^~(?=\/)/, homedir())];
    }),
    ...files.map((file): [string, string] => ['default', file]),
  ];
  const passwords: VaultPassword[] = [];
  for (const [label, from] of ids) {
    const password =
      from === 'prompt' ? (await askPassword(`Vault password (${label}): `)).trim() : passwordIn(from, label);
    passwords.push({ label, password });
  }
  if (flags.askVaultPass)
    passwords.push({ label: 'default', password: (await askPassword('Vault password: ')).trim() });
  return passwords;
}

/** What a file holds, or prints if it is a program; one that is named …-client is told the label. */
function passwordIn(path: string, label: string): string {
  const wrong = (reason: string) => new UsageError(`the vault password file ${path}: ${reason}`);
  let password: string;
  if (isExecutable(path)) {
    const isClient = /-client(\.[^.]*)?$/.test(basename(path));
    const { stdout, status, signal, error } = spawnSync(
      resolve(path),
      isClient ? ['--vault-id', label] : [],
      {
        stdio: ['inherit', 'pipe', 'inherit'],
        encoding: 'utf8',
      },
    );
    if (error) throw wrong(whyNot(error));
    if (status !== 0) throw wrong(`it ended with ${signal ?? `exit code ${status}`}`);
    // As Ansible does: only of a file the space around it does not count.
    password = stdout.replace(/^[\r\n]+|[\r\n]+$/g, '');
  } else {
    try {
      password = readFileSync(path, 'utf8').trim();
    } catch (error) {
      throw wrong(whyNot(error));
    }
  }
  if (password === '') throw wrong('it is empty');
  return password;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
