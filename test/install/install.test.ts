import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Sandbox } from './installed.ts';

const sandbox = new Sandbox();
let tarball = '';
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

beforeAll(() => {
  tarball = sandbox.pack();
});
afterAll(() => sandbox.remove());

describe('the tarball', () => {
  test('is small, and needs nothing else', () => {
    expect(statSync(tarball).size).toBeLessThan(20_000_000);
    const manifest = JSON.parse(sandbox.run('tar', ['-xzOf', tarball, 'package/package.json'])) as object;
    expect(manifest).not.toHaveProperty('dependencies');
  });

  test('has what is in git, and what the build makes', () => {
    const packed = sandbox
      .run('tar', ['-tzf', tarball])
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, ''));
    const known = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      encoding: 'utf8',
    }).split('\n');
    const made = ['drover.js', 'program.js', 'parsed.json', 'package.json', 'LICENSES.txt'].map(
      (name) => `dist/${name}`,
    );
    expect(packed.filter((path) => !known.includes(path)).sort()).toEqual(made.sort());
  });
});

/** Each way to install it, and where that puts the command. */
const ways: readonly (readonly [string, () => string])[] = [
  [
    'npm i -g',
    () => {
      const prefix = join(sandbox.folder, 'by npm');
      sandbox.npm('install', '--global', `--prefix=${prefix}`, tarball);
      return prefix;
    },
  ],
  [
    'install.sh, which may be run again',
    () => {
      const prefix = join(sandbox.folder, 'by script');
      const script = sandbox.run('tar', ['-xzOf', tarball, 'package/scripts/install.sh']);
      for (let time = 0; time < 2; time++)
        sandbox.run('sh', ['-c', script, 'install.sh', tarball], { PREFIX: prefix });
      return prefix;
    },
  ],
];

describe.each(ways)('drover installed by %s', (_name, install) => {
  let prefix = '';
  beforeAll(() => {
    prefix = install();
  });
  const drover = (args: readonly string[], folder?: string) =>
    sandbox.asNobody(join(prefix, 'bin/drover'), args, folder);

  test('says what it is', () => {
    expect(drover(['version']).stdout).toMatch(
      new RegExp(`^drover ${version} \\(.*\\)\nNode.js ${process.versions.node} on linux \\w+, in .*\n$`),
    );
    expect(drover(['--version']).stdout).toBe(`${version}\n`);
  });

  test('makes a project that is valid, for somebody who can write only there', () => {
    const project = join(sandbox.home, prefix.endsWith('npm') ? 'one' : 'two');
    expect(drover(['init', project])).toMatchObject({ status: 0 });
    expect(drover(['validate'], project)).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^inventory: inventory\.yml\nvalid: \d+ plays on 4 hosts\n$/) as string,
    });
  });

  test('brings its man page', () => {
    const file = join(prefix, 'share/man/man1/drover.1');
    const as = { MANWIDTH: '80', LC_ALL: 'C.UTF-8' };
    expect(sandbox.run('sh', ['-c', 'man --warnings "$0" 2>&1 >/dev/null', file], as)).toBe('');
    const page = sandbox.run('man', [file], as);
    expect(page).toMatch(/highly\s+available\s+PostgreSQL/);
    for (const verb of ['provision', 'edit-config', 'lab up', 'completion <shell>'])
      expect(page).toContain(`\n   ${verb}`);
  });
});

test('npx runs it without installing', () => {
  expect(sandbox.npm('exec', '--yes', `--package=${tarball}`, '--', 'drover', 'version')).toContain(
    `drover ${version}`,
  );
});
