import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  dataDirScript,
  localesIn,
  missingLocales,
  readDataDir,
} from '../../../src/modules/patroni-member/data-dir.ts';
import { folderOf } from '../support.ts';

const look = (folder: string) =>
  readDataDir({
    status: 0,
    stdout: execFileSync('sh', ['-c', dataDirScript(folder)], { encoding: 'utf8' }),
    stderr: '',
  });
const bare = { identifier: undefined, entries: [], tablespaces: [], server: undefined };

describe('a data directory', () => {
  it('is nothing where there is none, or an empty one', () => {
    expect(look('/no/such/folder')).toEqual(bare);
    expect(look(folderOf({}))).toEqual(bare);
  });

  it('shows what is in it while it holds no cluster', () => {
    const folder = folderOf({ 'notes.txt': '' });
    expect(look(folder)).toEqual({ ...bare, entries: ['notes.txt'] });
    writeFileSync(join(folder, 'PG_VERSION'), '15\n');
    expect(look(folder)).toEqual(bare);
  });

  it('tells the cluster, its tablespaces, and the server that runs from it', () => {
    const folder = folderOf({});
    for (const name of ['global', 'pg_tblspc']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'global/pg_control'), Buffer.from([57, 48, 0, 0, 0, 0, 0, 0, 1]));
    symlinkSync('/fast/disk', join(folder, 'pg_tblspc/16384'));
    expect(look(folder)).toEqual({ ...bare, identifier: '12345', tablespaces: ['/fast/disk'] });
    writeFileSync(join(folder, 'postmaster.pid'), '999999999\n');
    expect(look(folder).server).toBeUndefined();
    writeFileSync(join(folder, 'postmaster.pid'), `${process.pid}\n`);
    expect(look(folder).server).toMatch(/\.service$|^process \d+$/);
  });
});

describe('locales', () => {
  const has = (stdout: string) => ({ status: 0, stdout, stderr: '' });

  it('are those that initdb is given and that are not everywhere', () => {
    const initdb = ['data-checksums', { encoding: 'UTF8' }, { locale: 'de_DE.UTF-8' }, { 'lc-collate': 'C' }];
    expect(localesIn({ initdb })).toEqual(['de_DE.UTF-8']);
    expect(localesIn({})).toEqual([]);
  });

  it('are missing unless locale -a lists them, however it writes the character set', () => {
    expect(missingLocales(['de_DE.UTF-8', 'C.UTF-8'], has('C\nC.utf8\nPOSIX\nde_DE.utf8\n'))).toEqual([]);
    expect(missingLocales(['de_AT.UTF-8'], has('C\nC.utf8\nde_DE.utf8\n'))).toEqual(['de_AT.UTF-8']);
  });
});
