import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  attributes,
  restoreFile,
  writeFile,
  writeFolder,
  writeNew,
  type FileToWrite,
} from '../../../src/shell/files.ts';
import { folderOf } from '../support.ts';

const mine = { mode: '640', owner: String(process.getuid?.()), group: String(process.getgid?.()) };

/** Runs the script as the engine does, in a real shell. */
function apply(file: Omit<FileToWrite, 'owner' | 'group' | 'mode'> & Partial<FileToWrite>, before = '') {
  const { status, stdout, stderr } = spawnSync(
    '/bin/sh',
    ['-c', `${before}set -e\n${writeFile({ ...mine, ...file })}`],
    {
      encoding: 'utf8',
    },
  );
  return { status, stdout, stderr };
}

const done = { status: 0, stdout: '', stderr: '' };

describe('writeFile', () => {
  test('puts any text in place, byte for byte', { timeout: 60_000 }, () => {
    const folder = folderOf({});
    const path = join(folder, 'file');
    const text = fc.oneof(
      fc.string({ unit: 'binary' }).map((content) => content.replaceAll('\0', '')),
      fc.constantFrom(
        '',
        '\n\n',
        'no end of line',
        `it's "$(id)" \`id\` \\n \\\\ %s %d\n`,
        '-n\n',
        'größe → ☃\n',
      ),
    );
    fc.assert(
      fc.property(text, (content) => {
        expect(apply({ path, content })).toEqual(done);
        expect(readFileSync(path, 'utf8')).toBe(content);
      }),
      { numRuns: 25 },
    );
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('says why a disk takes nothing, and leaves the former file', () => {
    const folder = folderOf({ file: 'old' });
    const path = join(folder, 'file');
    // As a full disk does, a limit makes the write itself fail.
    const { status, stderr } = apply({ path, content: 'x'.repeat(2000) }, 'ulimit -f 1; trap "" XFSZ\n');
    expect(status).toBe(1);
    expect(stderr).toContain(`${path} cannot be written: File too large; what was there stays.`);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('takes a path with spaces, quotes and a leading dash', () => {
    const folder = folderOf({});
    const path = join(folder, `-a 'b' $(c)`);
    expect(apply({ path, content: 'x' })).toEqual(done);
    expect(readdirSync(folder)).toEqual([`-a 'b' $(c)`]);
  });

  test('sets the mode whatever the umask and the old mode', () => {
    const path = join(folderOf({ file: 'old' }), 'file');
    chmodSync(path, 0o777);
    expect(apply({ path, content: 'new', mode: '4750' }, 'umask 000\n')).toEqual(done);
    expect((statSync(path).mode & 0o7777).toString(8)).toBe('4750');
  });

  test.runIf(process.getuid?.() === 0)('sets owner and group, and keeps set-id bits', () => {
    const path = join(folderOf({}), 'file');
    expect(apply({ path, content: 'x', owner: 'nobody', group: 'daemon', mode: '2755' })).toEqual(done);
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, (mode & 0o7777).toString(8)]).toEqual([65534, 1, '2755']);
  });

  test('replaces a link, not the file it leads to', () => {
    const folder = folderOf({ target: 'kept' });
    symlinkSync('target', join(folder, 'link'));
    expect(apply({ path: join(folder, 'link'), content: 'new' })).toEqual(done);
    expect(readFileSync(join(folder, 'target'), 'utf8')).toBe('kept');
    expect(() => readlinkSync(join(folder, 'link'))).toThrow('EINVAL');
  });

  test('does not move the file into a folder of that name', () => {
    const folder = folderOf({ 'path/inside': 'kept' });
    const { status } = apply({ path: join(folder, 'path'), content: 'x' });
    expect(status).toBe(1);
    expect(readdirSync(folder, { recursive: true })).toEqual(['path', 'path/inside']);
  });

  test('a validation sees the new text beside its place, with its mode; what it prints is no data', () => {
    const folder = folderOf({ file: 'old' });
    const validate = `sh -c 'stat -c %a "$1"; cat "$1"; dirname "$1"' check %s`;
    expect(apply({ path: join(folder, 'file'), content: 'new\n', validate })).toEqual({
      status: 0,
      stdout: '',
      stderr: `640\nnew\n${folder}\n`,
    });
  });

  test('a validation finds the new text within quotes of its own, too', () => {
    const folder = folderOf({ file: 'old' });
    const path = join(folder, 'file');
    const validate = `sh -c '! grep -q bad %s'`;
    expect(apply({ path, content: 'bad', validate }).status).toBe(65);
    expect(apply({ path, content: 'good', validate }).status).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('good');
  });

  test.runIf(process.getuid?.() === 0)('a link that was replaced can be put back', () => {
    const folder = folderOf({ target: 'kept' });
    const path = join(folder, 'link');
    symlinkSync('target', path);
    const kept = `/var/lib/drover/former${path}`;
    try {
      expect(apply({ path, content: 'new' })).toEqual(done);
      const written = createHash('sha256').update('new').digest('hex');
      expect(spawnSync('/bin/sh', ['-c', `set -e\n${restoreFile(path, written, false)}`]).status).toBe(0);
      expect(readlinkSync(path)).toBe('target');
      // What is kept next goes into no file that the former link leads to.
      rmSync(path);
      writeFileSync(path, 'plain');
      expect(apply({ path, content: 'newer' })).toEqual(done);
      expect([readFileSync(kept, 'utf8'), readFileSync(join(folder, 'target'), 'utf8')]).toEqual([
        'plain',
        'kept',
      ]);
    } finally {
      rmSync(`/var/lib/drover/former${folder}`, { recursive: true });
    }
  });

  test('a validation that fails leaves the old file and nothing else', () => {
    const folder = folderOf({ file: 'old' });
    chmodSync(join(folder, 'file'), 0o604);
    expect(
      apply({ path: join(folder, 'file'), content: 'new', validate: 'grep -q old %s', backup: true }),
    ).toEqual({
      status: 65,
      stdout: '',
      stderr: `the new ${join(folder, 'file')} was refused by its validation; what was there stays\n`,
    });
    expect(readdirSync(folder)).toEqual(['file']);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('old');
    expect(statSync(join(folder, 'file')).mode & 0o777).toBe(0o604);
  });

  test('a full disk leaves the old file and nothing else', () => {
    const folder = folderOf({ file: 'old' });
    const { status } = apply(
      { path: join(folder, 'file'), content: 'x'.repeat(100_000) },
      `trap '' XFSZ; ulimit -f 1\n`,
    );
    expect(status).not.toBe(0);
    expect(readdirSync(folder)).toEqual(['file']);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('old');
  });

  test('an unknown owner leaves no file', () => {
    const folder = folderOf({});
    const { status, stderr } = apply({ path: join(folder, 'file'), content: 'x', owner: 'no such user' });
    expect([status, stderr]).toEqual([1, expect.stringContaining('invalid user')]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a backup keeps the former text and mode, and only when there was a file', () => {
    const folder = folderOf({});
    const path = join(folder, 'file');
    expect(apply({ path, content: 'first', backup: true })).toEqual(done);
    expect(readdirSync(folder)).toEqual(['file']);
    chmodSync(path, 0o600);
    expect(apply({ path, content: 'second', backup: true })).toEqual(done);
    const [backup = '', ...others] = readdirSync(folder).filter((name) => name !== 'file');
    expect(others).toEqual([]);
    expect(backup).toMatch(/^file\.\d{9}\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/);
    expect(readFileSync(join(folder, backup), 'utf8')).toBe('first');
    expect(statSync(join(folder, backup)).mode & 0o777).toBe(0o600);
  });

  test('backups within a second are files of their own', () => {
    const folder = folderOf({});
    const path = join(folder, 'file');
    const texts = ['0', '1', '2', '3', '4'];
    for (const content of texts) expect(apply({ path, content, backup: true })).toEqual(done);
    const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(kept.sort()).toEqual(texts);
  });
});

test('attributes go on any target', () => {
  const folder = folderOf({ 'a b': '' });
  writeFileSync(join(folder, 'plain'), '');
  const script = `set -e; cd ${folder}\n${attributes({ ...mine, mode: '604' }, `'a b' plain`)}`;
  expect(spawnSync('/bin/sh', ['-c', script]).status).toBe(0);
  expect(['a b', 'plain'].map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o604, 0o604]);
});

describe('writeFolder', () => {
  const make = (path: string, before = '', folder = {}) =>
    spawnSync(
      '/bin/sh',
      ['-c', `${before}set -e\n${writeFolder({ ...mine, mode: '710', path, ...folder })}`],
      {
        encoding: 'utf8',
      },
    );
  const modeOf = (path: string) => (statSync(path).mode & 0o7777).toString(8);

  test('makes a folder and those above it, with its own mode', () => {
    const root = folderOf({});
    expect(make(join(root, "a b/-it's"), 'umask 022; ')).toMatchObject(done);
    expect([modeOf(join(root, 'a b')), modeOf(join(root, "a b/-it's"))]).toEqual(['755', '710']);
    expect(readdirSync(root, { recursive: true }).sort()).toEqual(['a b', "a b/-it's"]);
  });

  test('gives owner and mode to one that is there, and leaves what is in it', () => {
    const root = folderOf({ 'a/kept': 'kept' });
    expect(make(join(root, 'a'))).toMatchObject(done);
    expect(modeOf(join(root, 'a'))).toBe('710');
    expect(readdirSync(root, { recursive: true }).sort()).toEqual(['a', 'a/kept']);
  });

  test('has exactly the mode that was given, below one that passes its group on, too', () => {
    const root = folderOf({});
    chmodSync(root, 0o2775);
    expect(make(join(root, 'a'))).toMatchObject(done);
    const script = writeNew([
      { ...mine, mode: '710', path: join(root, 'b') },
      { ...mine, mode: '2710', path: join(root, 'b/c') },
    ]);
    expect(spawnSync('/bin/sh', ['-c', `set -e\n${script}`]).status).toBe(0);
    expect(['a', 'b', 'b/c'].map((name) => modeOf(join(root, name)))).toEqual(['710', '710', '2710']);
  });

  test('leaves none when its owner is refused, and says what is in its way', () => {
    const root = folderOf({ file: '' });
    expect(make(join(root, 'a'), '', { owner: 'nobody-there' }).stderr).toContain('invalid user');
    expect(make(join(root, 'file')).stderr).toContain('cannot overwrite');
    expect(make(join(root, 'file/a')).stderr).toContain('Not a directory');
    expect(readdirSync(root)).toEqual(['file']);
  });
});

describe('writeNew', () => {
  const make = (...made: Parameters<typeof writeNew>[0]) => makeAfter('', ...made);
  const makeAfter = (before: string, ...made: Parameters<typeof writeNew>[0]) =>
    spawnSync('/bin/sh', ['-c', `${before}set -e\n${writeNew(made)}`], { encoding: 'utf8' });
  const ownFile = (path: string, content = 'x') => ({ ...mine, path, content });

  test('says why a disk takes nothing, and puts nothing in place', () => {
    const folder = folderOf({ old: 'old' });
    const files = ['a', 'b'].map((name) => ownFile(join(folder, name), 'x'.repeat(2000)));
    const { status, stderr } = makeAfter('ulimit -f 1; trap "" XFSZ; ', ...files);
    expect(status).toBe(1);
    expect(stderr).toContain(`a file in ${folder} cannot be written: File too large; what was there stays.`);
    expect(readdirSync(folder)).toEqual(['old']);
  });

  test('makes files in several folders, each with its own mode, and leaves nothing beside them', () => {
    const folder = folderOf({ 'a b/old': 'kept', 'c/old': 'kept' });
    const files = [
      { path: join(folder, "a b/-it's"), content: `$(id) 'x' \\n\n`, mode: '640' },
      { path: join(folder, 'a b/.hidden'), content: '', mode: '600' },
      { path: join(folder, 'c/plain'), content: 'no end of line', mode: '755' },
    ];
    const { status, stderr } = make(...files.map((file) => ({ ...mine, ...file })));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const { path, content, mode } of files) {
      expect(readFileSync(path, 'utf8')).toBe(content);
      expect((statSync(path).mode & 0o7777).toString(8)).toBe(mode);
    }
    expect(readdirSync(join(folder, 'a b')).sort()).toEqual(["-it's", '.hidden', 'old'].sort());
    expect(readdirSync(join(folder, 'c')).sort()).toEqual(['old', 'plain']);
  });

  test('puts no file in place when one cannot be made', () => {
    const folder = folderOf({ 'a/old': 'kept' });
    const files = ['a/new', 'missing/new'].map((name) => ownFile(join(folder, name)));
    expect(make(...files).status).not.toBe(0);
    expect(readdirSync(join(folder, 'a'))).toEqual(['old']);
  });

  test('makes folders in folders, each with its own mode', () => {
    const root = folderOf({ 'old/file': 'kept' });
    const folders = [
      { path: join(root, "it's"), mode: '750' },
      { path: join(root, "it's/within/two"), mode: '1777' },
      { path: join(root, 'old/new'), mode: '755' },
    ];
    const { status, stderr } = make(...folders.map((folder) => ({ ...mine, ...folder })));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const { path, mode } of folders) expect((statSync(path).mode & 0o7777).toString(8)).toBe(mode);
    // As mkdir makes it: what is private is what is in it.
    expect((statSync(join(root, "it's/within")).mode & 0o777).toString(8)).toBe('755');
  });

  test('leaves no folder when one is refused', () => {
    const root = folderOf({ file: 'in the way' });
    const folders = ['a', 'a/b', 'file/c'].map((name) => ({ ...mine, path: join(root, name) }));
    const { status, stderr } = make(...folders);
    expect(status).not.toBe(0);
    expect(stderr).toContain('Not a directory');
    expect(readdirSync(root)).toEqual(['file']);
  });

  test('makes folders and files in them, and empty ones beside', () => {
    const root = folderOf({});
    const folders = ["it's", "it's/in", 'empty'].map((name) => ({
      ...mine,
      mode: '750',
      path: join(root, name),
    }));
    const files = ["it's/a", "it's/in/b"].map((name) => ownFile(join(root, name), name));
    const { status, stderr } = make(...folders, ...files);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(root, { recursive: true }).sort()).toEqual(
      ['empty', "it's", "it's/a", "it's/in", "it's/in/b"].sort(),
    );
    expect(readFileSync(join(root, "it's/in/b"), 'utf8')).toBe("it's/in/b");
    expect((statSync(join(root, "it's/in")).mode & 0o7777).toString(8)).toBe('750');
  });

  test('does not come into its own way, where hosts share a folder', async () => {
    const root = folderOf({});
    const names = Array.from({ length: 50 }, (_, index) => `f${index}`);
    const script = writeNew([
      { ...mine, path: root },
      ...names.map((name) => ownFile(join(root, name), name)),
    ]);
    const runs = [1, 2, 3, 4].map(() => promisify(execFile)('/bin/sh', ['-c', `set -e\n${script}`]));
    expect((await Promise.all(runs)).map(({ stderr }) => stderr)).toEqual(['', '', '', '']);
    expect(readdirSync(root).sort()).toEqual(names.sort());
  });

  test('has a folder with all that is in it, and its owner and mode, or none of it, whenever it is cut off', () => {
    const root = folderOf({ 'old/kept': 'kept' });
    const script = writeNew([
      ...['new', 'new/in', 'old/new'].map((path) => ({ ...mine, mode: '710', path: join(root, path) })),
      ...['new/a', 'new/in/b', 'old/c', 'old/new/d'].map((path) => ownFile(join(root, path), path)),
    ]);
    const look = () =>
      readdirSync(root, { recursive: true, withFileTypes: true })
        .map(({ parentPath, name }) => join(parentPath, name))
        .filter((path) => !path.includes('.drover.'))
        .map((path) => `${path.slice(root.length + 1)} ${(statSync(path).mode & 0o777).toString(8)}`);
    // A folder of programs that end the shell that starts them, as if its host had lost its power.
    const off = (program: string) => folderOf({ [program]: '#!/bin/sh\nkill -9 $PPID\n' });
    for (const program of ['mkdir', 'chown', 'chmod', 'perl']) {
      const folder = off(program);
      chmodSync(join(folder, program), 0o755);
      const { signal } = spawnSync('/bin/sh', ['-c', `PATH=${folder}:$PATH\nset -e\n${script}`]);
      expect(signal, program).toBe('SIGKILL');
      expect(look().sort(), program).toEqual(['old 755', 'old/kept 644']);
    }
    expect(spawnSync('/bin/sh', ['-c', `set -e\n${script}`]).status).toBe(0);
    expect(look().sort()).toEqual(
      ['new 710', 'new/a 640', 'new/in 710', 'new/in/b 640', 'old 755', 'old/c 640', 'old/kept 644']
        .concat(['old/new 710', 'old/new/d 640'])
        .sort(),
    );
  });

  test('takes more paths than one program does', () => {
    const root = folderOf({});
    const deep = join(root, ...Array.from({ length: 14 }, () => 'x'.repeat(250)));
    const folders = Array.from({ length: 350 }, (_, n) => ({ ...mine, path: join(deep, `d${n}`) }));
    const files = folders.map(({ path }, n) => ownFile(join(path, `f${n}`)));
    const { status, stderr } = spawnSync('/bin/sh', {
      input: `set -e\n${writeNew([{ ...mine, path: deep }, ...folders, ...files])}`,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(deep)).toHaveLength(350);
    expect(statSync(join(deep, 'd349', 'f349')).mode & 0o777).toBe(0o640);
  });

  test('goes into folders that came to be meanwhile, and says what is in its way', () => {
    const root = folderOf({});
    const script = writeNew([
      ...['new', 'new/in'].map((path) => ({ ...mine, path: join(root, path) })),
      ownFile(join(root, 'new/in/a')),
    ]);
    const meanwhile = (what: string) =>
      spawnSync('/bin/sh', ['-c', `set -e\n${script.replace(/^perl /m, `${what}\nperl `)}`], {
        encoding: 'utf8',
      });
    expect(meanwhile(`mkdir ${root}/new; echo > ${root}/new/other`).stderr).toBe('');
    expect(readdirSync(root, { recursive: true }).sort()).toEqual(['new', 'new/in', 'new/in/a', 'new/other']);
    rmSync(join(root, 'new'), { recursive: true });
    const { status, stderr } = meanwhile(`echo > ${root}/new`);
    expect([status === 0, stderr]).toEqual([false, `${root}/new: Not a directory\n`]);
    expect(readdirSync(root)).toEqual(['new']);
  });

  test('leaves no folder when a file in it is refused', () => {
    const root = folderOf({});
    const folders = ['a', 'a/b'].map((name) => ({ ...mine, path: join(root, name) }));
    const files = [ownFile(join(root, 'a/b/new')), { ...ownFile(join(root, 'a/x')), owner: 'nobody-there' }];
    const { status, stderr } = make(...folders, ...files);
    expect(status).not.toBe(0);
    expect(stderr).toContain('invalid user');
    expect(readdirSync(root)).toEqual([]);
  });
});
