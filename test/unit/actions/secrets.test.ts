import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadRun } from '../../../src/actions/load.ts';
import { SecretKeeper } from '../../../src/actions/secrets.ts';
import { Vault } from '../../../src/core/secrets.ts';
import { inventoryOf } from '../cluster/inventories.ts';
import { folderOf } from '../support.ts';

const playbook = fileURLToPath(new URL('../../../playbooks/hosts.yml', import.meta.url));

/** What is said of secrets in the inventory and in secrets.yml; nothing where they are fit. */
function saidOf(vars: string, secrets: string): string {
  const folder = folderOf({ 'hosts.yml': inventoryOf({ vars }), 'secrets.yml': secrets });
  chmodSync(join(folder, 'secrets.yml'), 0o600);
  const input = { inventory: [join(folder, 'hosts.yml')], tags: [], skipTags: [], extraVars: [] };
  const loaded = loadRun(playbook, input, true);
  try {
    new SecretKeeper(loaded, new Vault(), true);
    return '';
  } catch (error) {
    return String(error).replaceAll(/\S*(hosts|secrets)\.yml/g, '$1.yml');
  }
}

describe('secrets that are given', () => {
  test.each([
    ['', 'postgres_admin_password: correct horse ~!"\n', ''],
    [
      '',
      'postgres_admin_password: geheim-ü\n',
      'InvalidInputError: secrets.yml:1:26  postgres_admin_password must be text of printable ASCII characters',
    ],
    [
      'postgres_admin_password: "geheim\\t1"',
      '',
      'InvalidInputError: hosts.yml:4:30  postgres_admin_password must be text of printable ASCII characters',
    ],
    [
      'postgres_admin_password: 12345678',
      '',
      'InvalidInputError: hosts.yml:4:30  postgres_admin_password must be text of printable ASCII characters',
    ],
    [
      '',
      'a: b\npostgres_admin_pasword: correct horse\n',
      'InvalidInputError: secrets.yml:2:1  unknown secret "postgres_admin_pasword"\n   did you mean "postgres_admin_password"?',
    ],
  ])('%s %s', (vars, secrets, said) => {
    expect(saidOf(vars, secrets)).toBe(said);
  });
});
