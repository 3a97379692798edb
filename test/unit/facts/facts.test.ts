import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { needGroupName, needUser, needUserName } from '../../../src/facts/account.ts';
import { collectScript, parseCollected } from '../../../src/facts/collectors.ts';
import { needHost } from '../../../src/facts/host.ts';
import { identify, onHost, unreachableRecords, type Need } from '../../../src/facts/need.ts';
import { needAvailable, needCandidate, needPackage } from '../../../src/facts/package.ts';
import { largestShownFile, needContent, needDigest } from '../../../src/facts/content.ts';
import { needChangeTime, needFilled, needPath } from '../../../src/facts/path.ts';
import { needScript } from '../../../src/facts/script.ts';
import { needRestartRecord, needUnit, unitName } from '../../../src/facts/unit.ts';
import { folderOf } from '../support.ts';

/** What a need makes of lines that its collector printed. */
function read<F>(need: Need<F>, ...lines: readonly string[]): F {
  const printed = lines
    .map((line) => `${need.kind}\t${need.key}${line === '' ? '' : `\t${line}`}`)
    .join('\n');
  return need.parse(parseCollected(printed, [need]).get(identify(need)) ?? []);
}

describe('what collectors print is read', () => {
  test.each<[string, unknown, unknown]>([
    ['no path', read(needPath('/x')), undefined],
    [
      'a file',
      read(needPath('/x'), 'regular empty file\t644\troot\tadm'),
      { type: 'file', mode: '644', owner: 'root', group: 'adm' },
    ],
    [
      'a link',
      read(needPath('/x'), 'symbolic link\t777\troot\troot', 'link\t/target'),
      { type: 'link', mode: '777', owner: 'root', group: 'root', target: '/target' },
    ],
    [
      'a socket',
      read(needPath('/x'), 'socket\t755\ta\tb'),
      { type: 'other', mode: '755', owner: 'a', group: 'b' },
    ],
    [
      'an installed package',
      read(needPackage('p'), 'ii \t1.0-1'),
      { installed: true, unfinished: false, residual: false, held: false, version: '1.0-1' },
    ],
    [
      'a held package',
      read(needPackage('p'), 'hi \t1.0'),
      { installed: true, unfinished: false, residual: false, held: true, version: '1.0' },
    ],
    [
      'a package whose install was cut off',
      read(needPackage('p'), 'iU \t1.0'),
      { installed: false, unfinished: true, residual: false, held: false, version: '1.0' },
    ],
    [
      'what apt has of a package',
      read(needCandidate('p'), '2.0-1\t2.0-1\t1.0-1'),
      { version: '2.0-1', versions: ['2.0-1', '1.0-1'] },
    ],
    ['a package that apt has nothing of', read(needCandidate('p'), '(none)'), undefined],
    [
      'a removed package',
      read(needPackage('p'), 'rc \t1.0'),
      { installed: false, unfinished: false, residual: true, held: false, version: '1.0' },
    ],
    ['an unknown package', read(needPackage('p')), undefined],
    ['a package that no repository has', read(needAvailable('p'), '(none)'), undefined],
    [
      'a user',
      read(
        needUser('postgres'),
        'postgres:x:114:120:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\tpostgres ssl-cert\tmissing',
      ),
      {
        uid: 114,
        comment: 'PostgreSQL,,,',
        home: '/var/lib/postgresql',
        isHomeMissing: true,
        shell: '/bin/bash',
        groups: ['postgres', 'ssl-cert'],
      },
    ],
    [
      'a unit',
      read(
        needUnit('etcd'),
        'LoadState=loaded\tActiveState=active\tUnitFileState=enabled\tResult=success\tInvocationID=7f\tExecMainStartTimestamp=Sat 2026-11-21 09:33:01.500000 UTC',
      ),
      {
        load: 'loaded',
        active: 'active',
        enabled: 'enabled',
        result: 'success',
        invocation: '7f',
        startedAt: Date.UTC(2026, 10, 21, 9, 33, 1) / 1000 + 0.5,
        said: '',
      },
    ],
    [
      'a restart record',
      read(needRestartRecord('etcd'), '7f aaa bbb 12.5'),
      { invocation: '7f', restart: 'aaa', reload: 'bbb', readAt: 12.5 },
    ],
    ['a broken restart record', read(needRestartRecord('etcd'), '7f'), undefined],
    [
      'a host',
      read(
        needHost,
        'debian\t12\tbookworm\tamd64\tsystemd-nspawn\tcontainer\t10.0.0.1 fe80::1\tn1\tsystemd\tno',
      ),
      {
        distro: 'debian',
        release: '12',
        codename: 'bookworm',
        arch: 'amd64',
        virt: 'systemd-nspawn',
        container: true,
        addresses: ['10.0.0.1', 'fe80::1'],
        hostname: 'n1',
        systemd: true,
        cloud_init: false,
      },
    ],
    ['a script that was not run', read(needScript('x')), { status: 1, stdout: '', stderr: '' }],
  ])('%s', (_, found, expected) => {
    expect(found).toEqual(expected);
  });

  test('a fact of a host that cannot be reached says so', () => {
    const need = onHost('n2', needDigest('/x'));
    expect(need.parse(unreachableRecords('no route'))).toEqual({ answered: false, reason: 'no route' });
    expect(need.parse([['abc']])).toEqual({ answered: true, fact: 'abc' });
  });

  test.each(['a\tb', 'a\nb', 'a\0b'])('%j cannot be a key: it would break the lines', (name) => {
    expect(() => needPath(name)).toThrow('control character');
  });

  test('lines that nobody asked for are left out', () => {
    const need = needDigest('/x');
    const collected = parseCollected('noise\ndigest\t/other\tabc\n\npath\t/x\tz\ndigest\t/x\tdef', [need]);
    expect([...collected]).toEqual([['digest\t/x', [['def']]]]);
  });
});

test.each([
  ['etcd', 'etcd.service'],
  ['etcd.service', 'etcd.service'],
  ['apt-daily.timer', 'apt-daily.timer'],
  ['postgresql@15-main', 'postgresql@15-main.service'],
])('the unit %s is %s', (name, unit) => {
  expect(unitName(name)).toBe(unit);
});

describe('collectors in a shell', () => {
  const collect = (needs: readonly Need<unknown>[]) =>
    parseCollected(execFileSync('/bin/sh', ['-c', collectScript(needs)], { encoding: 'utf8' }), needs);
  const ask = <F>(need: Need<F>): F => need.parse(collect([need]).get(identify(need)) ?? []);

  test('see files of any name as they are', { timeout: 60_000 }, () => {
    // GNU tools escape a backslash in names; a name with one counts as unreadable, and is left out here.
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .map((text) => text.replace(/[\p{Cc}\\/]/gu, '_'));
    fc.assert(
      fc.property(
        name.filter((text) => !/^\.\.?$/.test(text)),
        (text) => {
          const folder = folderOf({ [text]: 'content' });
          const path = join(folder, text);
          expect(ask(needPath(path))?.type).toBe('file');
          expect(ask(needDigest(path))).toBe(
            'ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73',
          );
        },
      ),
      { numRuns: 15 },
    );
  });

  test('see which names of users and groups there are', () => {
    const needs = ['root', 'nosuch', 'daemon', 'root2'].flatMap((name) => [
      needUserName(name),
      needGroupName(name),
    ]);
    const found = collect(needs);
    expect(needs.map((need) => need.parse(found.get(identify(need)) ?? []))).toEqual([
      true,
      true,
      false,
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  test('see which directories hold something', () => {
    const folder = folderOf({ 'a b/f': 'x', g: '' });
    mkdirSync(join(folder, 'empty'));
    symlinkSync('a b', join(folder, 'l'));
    const filled = ['a b', 'empty', 'g', 'l', 'gone'].map((name) => ask(needFilled(join(folder, name))));
    expect(filled).toEqual([true, false, false, false, false]);
  });

  test('see modes, links and what is not there', () => {
    const folder = folderOf({ f: 'x' });
    chmodSync(join(folder, 'f'), 0o640);
    symlinkSync('f', join(folder, 'l'));
    expect(ask(needPath(join(folder, 'f')))?.mode).toBe('640');
    expect(ask(needPath(join(folder, 'l')))).toMatchObject({ type: 'link', target: 'f' });
    expect(ask(needPath(join(folder, 'gone')))).toBeUndefined();
    expect(ask(needDigest(folder))).toBeUndefined();
  });

  test('bring a content as it is, unless it is the known one', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const folder = folderOf({});
        const path = join(folder, 'f');
        writeFileSync(path, bytes);
        const digest = createHash('sha256').update(bytes).digest('hex');
        const content = needContent(path);
        const found = collect([needDigest(path), content]);
        expect(found.get(identify(content))).toEqual([[Buffer.from(bytes).toString('base64')]]);
        expect(found.get(identify(needDigest(path)))).toEqual([[digest]]);
        expect(ask(needContent(path, digest))).toBeUndefined();
        // One who has another brings it for all.
        expect(collect([needContent(path, digest), needContent(path, 'other')])).toEqual(
          collect([needContent(path)]),
        );
      }),
      { numRuns: 15 },
    );
  });

  test('bring contents of files alone, up to the largest that is shown', () => {
    const folder = folderOf({ small: 'x'.repeat(largestShownFile), large: 'x'.repeat(largestShownFile + 1) });
    symlinkSync('small', join(folder, 'link'));
    symlinkSync('nowhere', join(folder, 'broken'));
    const length = (name: string) => ask(needContent(join(folder, name)))?.length;
    expect(['small', 'large', 'link', 'broken', 'gone', '.'].map(length)).toEqual([
      largestShownFile,
      undefined,
      largestShownFile,
      undefined,
      undefined,
      undefined,
    ]);
    expect(ask(needDigest(join(folder, 'large')))).toHaveLength(64);
  });

  test('find a file among more than one argument list takes', () => {
    const folder = folderOf({ there: 'x' });
    const gone = Array.from({ length: 30_000 }, (_, index) => join(folder, `gone${'-'.repeat(60)}${index}`));
    const there = join(folder, 'there');
    for (const kinds of [[needPath], [needDigest], [needDigest, needContent]]) {
      const needs = [...gone, there].flatMap((path) => kinds.map((need): Need<unknown> => need(path)));
      const printed = execFileSync('/bin/sh', [], { input: collectScript(needs), encoding: 'utf8' });
      const lines = printed.split('\n').filter((line) => line !== '');
      expect(lines.map((line) => line.split('\t').slice(0, 2))).toEqual(
        needs.slice(-kinds.length).map(({ kind, key }) => [kind, key]),
      );
    }
  });

  test('read files whose names hold a backslash', () => {
    const names = ['a\\x2db', '\\', 'back\\\\slash', 'plain'];
    const folder = folderOf(Object.fromEntries(names.map((name) => [name, name])));
    const paths = names.map((name) => join(folder, name));
    const digests = names.map((name) => createHash('sha256').update(name).digest('hex'));
    const alone = collect(paths.map((path) => needDigest(path)));
    const both = collect(paths.flatMap((path): Need<unknown>[] => [needDigest(path), needContent(path)]));
    for (const found of [alone, both])
      expect(paths.map((path) => needDigest(path).parse(found.get(`digest\t${path}`) ?? []))).toEqual(
        digests,
      );
    expect(paths.map((path) => needContent(path).parse(both.get(`content\t${path}`) ?? []))).toEqual(names);
    expect(paths.map((path) => ask(needPath(path))?.type)).toEqual(names.map(() => 'file'));
  });

  test('open no pipe and no device, whoever has put it there', () => {
    const folder = folderOf({ file: 'x', 'g b': 'y' });
    execFileSync('/bin/sh', ['-c', `mkfifo ${join(folder, 'pipe')}`]);
    symlinkSync('/dev/zero', join(folder, 'zero'));
    symlinkSync('pipe', join(folder, 'link'));
    const paths = ['pipe', 'file', 'zero', 'g b', 'link', 'none', ''].map((name) => join(folder, name));
    for (const kinds of [[needDigest], [needDigest, needContent]]) {
      const needs = paths.flatMap((path) => kinds.map((need): Need<unknown> => need(path)));
      const script = `${collectScript(needs)}\n`;
      const { status, stdout } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8', timeout: 10_000 });
      expect(status).toBe(0);
      const found = new Set(stdout.split('\n').flatMap((line) => line.split('\t')[1] ?? []));
      expect(found).toEqual(new Set([join(folder, 'file'), join(folder, 'g b')]));
    }
  });

  test('take what a script printed, whatever it printed, and how it ended', () => {
    expect(ask(needScript('printf "a\\tb\\n\\n"; printf "bad\\n" >&2; exit 3'))).toEqual({
      status: 3,
      stdout: 'a\tb',
      stderr: 'bad\n',
    });
    // One script cannot end or feed another.
    const [one, two] = [needScript('exit 0'), needScript('cat; echo "$x"')];
    const found = collect([needScript('x=leaked'), one, two]);
    expect(two.parse(found.get(identify(two)) ?? []).stdout).toBe('');
  });
});

describe('what could not be looked at is not taken for missing', () => {
  /** Collects with one program that does as it is told, and all others as they are. */
  function collectWith(program: string, does: string, needs: readonly Need<unknown>[]) {
    const folder = folderOf({ [program]: `#!/bin/sh\n${does}\n` });
    chmodSync(join(folder, program), 0o755);
    const script = `PATH=${folder}:$PATH\n${collectScript(needs)}`;
    return spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  }
  const killed = 'kill -9 $$';
  const file = needContent('/etc/hostname');

  test.each([
    ['stat', killed, [needPath('/etc')]],
    ['stat', killed, [needChangeTime('/etc')]],
    ['grep', 'exit 0', [needPath('/none')]],
    ['sha256sum', killed, [needDigest('/etc/hostname')]],
    ['sha256sum', killed, [file]],
    ['perl', killed, [file]],
    ['dpkg-query', killed, [needPackage('dpkg')]],
    ['dpkg-query', 'exit 2', [needPackage('dpkg')]],
    ['systemctl', killed, [needUnit('ssh')]],
  ])('%s that does %j fails the whole', (program, does, needs) => {
    expect(collectWith(program, does, [...needs, needPath('/')]).status).toBe(9);
  });

  test('nor is a path of which a disk says nothing, which is told', () => {
    const broken = `echo "stat: cannot statx '/a': No such file or directory" >&2
echo "stat: cannot statx '/b': Input/output error" >&2; exit 1`;
    const { status, stderr } = collectWith('stat', broken, [needPath('/a'), needPath('/b')]);
    expect([status, stderr]).toEqual([9, "stat: cannot statx '/b': Input/output error\n"]);
  });

  test('and what is missing is', () => {
    const links = folderOf({});
    symlinkSync('loop', join(links, 'loop'));
    const needs = [
      needPath('/none'),
      needPath(`/${'x'.repeat(300)}`),
      needPath('/etc/hostname/x'),
      needPackage('no-such-package'),
      needUnit('none'),
    ];
    const looped = [needPath(join(links, 'loop/x')), needChangeTime(join(links, 'loop'))];
    const { status, stdout, stderr } = collectWith('unused', ':', [...needs, ...looped]);
    expect([status, stderr]).toEqual([0, '']);
    expect(parseCollected(stdout, needs).get(identify(needPath('/none')))).toEqual([]);
  });
});
