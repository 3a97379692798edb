import { describe, expect, test } from 'vitest';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { listInventory } from '../../../src/actions/inventory.ts';
import { Problems } from '../../../src/config/files.ts';
import { loadInventory } from '../../../src/config/inventory/load.ts';
import { isVaulted, VaultError, VaultKeys } from '../../../src/config/vault.ts';
import { formatDiagnostic } from '../../../src/core/diagnostics.ts';
import { folderOf, told } from '../support.ts';
import { variablesOf } from './support.ts';
import { plain, sesame, unlabelled } from './vaulted.ts';

// The same text with the password "other" and the label prod.
const labelled = `$ANSIBLE_VAULT;1.2;AES256;prod
32353933356362346239323562663834666465623830326363613132353136353632643639346461
3062656362613739653230323364373130336439636365610a353539366631633539666330656464
36336531306532323137623435643939363566666335343030306635343038613664323330633630
3932663763316531360a346462366466633466353335306535646661326562353761333463383035
37313664633733383166656338613632643335393533353937303061376662666338656263333038
34383636303839393731306438333061343038346335633136323931336435353636306263353633
33666531303833653035363164353330653763356463613366626230663739376431646637363337
33336634346363333636
`;
const prod = { label: 'prod', password: 'other' };

describe('what ansible-vault has encrypted', () => {
  test('is told by its first line', () => {
    expect([isVaulted(unlabelled), isVaulted(` ${unlabelled}`), isVaulted(plain)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test.each([
    ['format 1.1', unlabelled, [sesame]],
    ['format 1.2, with a label', labelled, [prod]],
    ['a password of another label', labelled, [sesame, { ...prod, label: 'other' }]],
    ['lines that end as on Windows', unlabelled.replaceAll('\n', '\r\n'), [sesame]],
  ])('%s is opened', (_, text, passwords) => {
    expect(new VaultKeys(passwords).open(text)).toBe(plain);
  });

  test.each([
    ['the wrong password', unlabelled, [prod], 'none of the passwords opens it'],
    [
      'the wrong password for a label',
      labelled,
      [sesame],
      'none of the passwords opens it (its label is prod)',
    ],
    ['no password', unlabelled, [], 'it is encrypted with ansible-vault, and no password is given'],
    [
      'a digit that was changed',
      unlabelled.replace(/0(?=\d+\n$)/, '1').replace(/\d\n$/, '9\n'),
      [sesame],
      'none of the passwords opens it',
    ],
    [
      'a line that is lost',
      unlabelled.split('\n').slice(0, 2).join('\n'),
      [sesame],
      'it is damaged: it is no text of ansible-vault any more',
    ],
    [
      'another cipher',
      unlabelled.replace('AES256', 'AES'),
      [sesame],
      'its format is 1.1;AES: there are 1.1;AES256 and 1.2;AES256',
    ],
  ])('%s does not open it', (_, text, passwords, message) => {
    expect(() => new VaultKeys(passwords).open(text)).toThrow(new VaultError(message));
  });
});

describe('an inventory with encrypted parts', () => {
  const indented = unlabelled.trim().replace(/^/gm, '          ');
  const files = {
    'hosts.yml': `all:\n  hosts: { a: }\n  vars:\n    token: !vault |\n${indented}\n`,
    'group_vars/all/vault.yml': labelled,
    // Of a group that is not there: nobody has to open it.
    'group_vars/other.yml': unlabelled.replace('1.1', '1.9'),
  };
  const load = (passwords: readonly (typeof sesame)[], onlyLists = false) => {
    const folder = folderOf(files);
    const problems = new Problems(new VaultKeys(passwords, onlyLists));
    const inventory = loadInventory([join(folder, 'hosts.yml')], [], problems);
    return { inventory, problems, told: told(problems.list, folder) };
  };

  test('has their values', () => {
    const { inventory, told: problems } = load([sesame, prod]);
    expect(problems).toEqual([]);
    expect(variablesOf(inventory, 'a')).toEqual({
      token: plain,
      db_password: 'hunter22 is, long',
      port: 6432,
      list: ['vaulted-item'],
    });
  });

  test('is listed without them: values as they are in the file, files masked', () => {
    const { inventory, told: problems } = load([prod], true);
    expect(problems).toEqual([]);
    const listed = listInventory(inventory) as { _meta: { hostvars: { a: unknown } } };
    expect(listed._meta.hostvars.a).toEqual({
      token: { __ansible_vault: unlabelled },
      db_password: '«secret»',
      port: 6432,
      list: ['«secret»'],
    });
  });

  test('is not read without a password', () => {
    const hint = 'give the password with --vault-password-file, --vault-id or --ask-vault-pass';
    expect(load([]).told).toEqual([
      `hosts.yml:4:19 it is encrypted with ansible-vault, and no password is given -> ${hint}`,
      `group_vars/all/vault.yml: it is encrypted with ansible-vault, and no password is given -> ${hint}`,
    ]);
  });

  test('shows none of them in what is wrong with it', () => {
    const { problems } = load([sesame, prod]);
    const file = { path: 'vault.yml', text: plain, secret: true } as const;
    problems.add({ message: '"hunter22 is, long" is no number', at: { file, start: 13, end: 32 } });
    expect(problems.list.map(formatDiagnostic)).toEqual(['vault.yml:1:14  "«secret»" is no number']);
  });
});

test('a value is masked as a whole, line by line, and around what is rendered in it', () => {
  const keys = new VaultKeys();
  keys.hideValue('first line\n  postgres://me:{{ word }}@/db\n');
  expect(keys.mask('at first line, or postgres://me:word@/db')).toBe('at «secret», or «secret»word«secret»');
  keys.hideValue('of echo\n');
  expect(keys.mask('out of echo.')).toBe('out «secret».');
});

test('what a script prints as ansible-inventory does has encrypted texts, and such as are never rendered', () => {
  const vars = { token: { __ansible_vault: unlabelled }, shown: { __ansible_unsafe: '{{ as it is }}' } };
  const listed = JSON.stringify({ web: { hosts: ['a'] }, _meta: { hostvars: { a: vars } } });
  const folder = folderOf({ script: `#!/bin/sh\ncat <<'END'\n${listed}\nEND\n` });
  chmodSync(join(folder, 'script'), 0o755);
  const problems = new Problems(new VaultKeys([sesame]));
  const inventory = loadInventory([join(folder, 'script')], [], problems);
  expect(problems.list).toEqual([]);
  expect(variablesOf(inventory, 'a')).toEqual({ token: plain, shown: '{{ as it is }}' });
  expect(problems.keys.mask(plain)).toBe('«secret»');
});
