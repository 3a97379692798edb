import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeVerbs } from '../../../src/cli/program.ts';
import { settable } from '../../../src/cli/options.ts';
import { InvalidInputError, UsageError } from '../../../src/core/errors.ts';
import { folderOf } from '../support.ts';

const home = process.cwd();
let told = '';

beforeEach(() => {
  told = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.chdir(home);
});

/** The flags of a command line in a folder with those files. */
async function flagsOf(files: Record<string, string>, ...words: string[]): Promise<Record<string, unknown>> {
  process.chdir(folderOf(files));
  const program = describeVerbs(() => Promise.resolve());
  await program.parseAsync(['node', 'drover', ...words]);
  return program.commands.find((verb) => verb.name() === words[0])?.opts() ?? {};
}

describe('an option', () => {
  const files = { 'drover.yml': 'lock-timeout: 20' };

  test('is what the command line says, else the environment, else drover.yml, else its default', async () => {
    expect(await flagsOf({}, 'restart')).toMatchObject({ lockTimeout: 120 });
    expect(await flagsOf(files, 'restart')).toMatchObject({ lockTimeout: 20 });
    vi.stubEnv('DROVER_LOCK_TIMEOUT', '30');
    expect(await flagsOf(files, 'restart')).toMatchObject({ lockTimeout: 30 });
    expect(await flagsOf(files, 'restart', '--lock-timeout', '40')).toMatchObject({
      lockTimeout: 40,
    });
  });

  test('that is repeated is taken from one of them alone', async () => {
    const inventories = { 'drover.yml': 'inventory: [a.yml, b.yml]' };
    expect(await flagsOf(inventories, 'status')).toMatchObject({ inventory: ['a.yml', 'b.yml'] });
    expect(told).toBe('inventory: a.yml, b.yml\n');
    vi.stubEnv('DROVER_INVENTORY', 'c.yml');
    expect(await flagsOf(inventories, 'status')).toMatchObject({ inventory: ['c.yml'] });
    told = '';
    expect(await flagsOf(inventories, 'status', '-i', 'd.yml')).toMatchObject({ inventory: ['d.yml'] });
    expect(told).toBe('');
  });

  test.each([
    ['become: true', { become: true }],
    ['become: no', { become: false }],
    ['no-color: true', { color: false }],
    ['no-color: false', { color: true }],
    ['verbose: true', { verbose: 1 }],
    ['user: 007', { user: '007' }],
    ['private-key: ~/key', { privateKey: `${process.env['HOME'] ?? ''}/key` }],
  ])('is read from %s', async (text, flags) => {
    expect(await flagsOf({ 'drover.yml': text }, 'plan')).toMatchObject(flags);
  });

  test('of another verb does no harm', async () => {
    expect(await flagsOf({ 'drover.yml': 'become: true' }, 'status')).not.toHaveProperty('become');
  });
});

describe('what is wrong in drover.yml', () => {
  test.each([
    ['inventroy: a.yml', 'drover.yml:1:1  unknown setting "inventroy"', 'did you mean "inventory"?'],
    ['user: a\nlimit: b', 'drover.yml:2:1  unknown setting "limit"', ''],
    ['timeout: soon', 'drover.yml:1:10  timeout must be a number above 0', ''],
    ['become: perhaps', 'drover.yml:1:9  become must be true or false', ''],
    ['user: [a, b]', 'drover.yml:1:7  user must be one value', ''],
    ['user: { a: b }', 'drover.yml:1:7  user must be a value or a list of values', ''],
    ['- user', 'drover.yml:1:1  must be a map of options', ''],
  ])('%j is told with its place', async (text, message, hint) => {
    const error: unknown = await flagsOf({ 'drover.yml': text }, 'plan').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toContain(hint);
  });

  test('and in the environment, by the name of the variable', async () => {
    vi.stubEnv('DROVER_TIMEOUT', 'soon');
    const error: unknown = await flagsOf({}, 'status').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toBe('DROVER_TIMEOUT=soon must be a number above 0');
    vi.stubEnv('DROVER_TIMEOUT', '');
    vi.stubEnv('DROVER_INVENTRY', 'a.yml');
    await flagsOf({}, 'status');
    expect(told).toBe('DROVER_INVENTRY means nothing to drover: is it DROVER_INVENTORY?\n');
  });
});

describe('an inventory that nobody names', () => {
  test.each([
    [{ 'inventory.yml': 'all:', 'inventory/a.yml': 'all:' }, ['inventory.yml']],
    [{ 'inventory/a.yml': 'all:' }, ['inventory/']],
    [{}, []],
  ])('of %j is %j', async (files, inventory) => {
    expect(await flagsOf(files, 'status')).toMatchObject({ inventory });
    expect(told).toBe(inventory.length === 0 ? '' : `inventory: ${inventory.join('')}\n`);
  });

  test('is not taken where others can write', async () => {
    const folder = folderOf({ 'inventory.yml': 'all:', 'drover.yml': 'user: mallory' });
    mkdirSync(`${folder}/open`, { mode: 0o700 });
    const { chmodSync, renameSync } = await import('node:fs');
    for (const name of ['inventory.yml', 'drover.yml'])
      renameSync(`${folder}/${name}`, `${folder}/open/${name}`);
    chmodSync(`${folder}/open`, 0o777);
    process.chdir(`${folder}/open`);
    const program = describeVerbs(() => Promise.resolve());
    await program.parseAsync(['node', 'drover', 'status']);
    expect(program.commands.find((verb) => verb.name() === 'status')?.opts()).toMatchObject({
      inventory: [],
    });
    expect(told).toBe(
      'drover.yml, inventory.yml: not read, as other users can write to this folder; the command line can name them\n',
    );
  });
});

test('each setting is an option of a verb', () => {
  const options = describeVerbs(() => Promise.resolve()).commands.flatMap((verb) =>
    verb.options.map(({ long }) => long),
  );
  for (const name of settable) expect(options).toContain(`--${name}`);
});

test('a verb that has no setting is not stopped by a drover.yml', async () => {
  await expect(flagsOf({ 'drover.yml': 'nonsense: true' }, 'completion', 'bash')).resolves.toEqual({});
});
