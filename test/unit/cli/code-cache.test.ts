import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { loadProgram } from '../../../src/cli/code-cache.ts';
import { folderOf } from '../support.ts';

// Node.js has its own from 22.1 on.
const isOurs = !('enableCompileCache' in Module);
let folder: string;
let program: string;
let kept: string;

beforeEach(() => {
  // As dist/ has it.
  folder = folderOf({ 'package.json': '{ "type": "commonjs" }' });
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  program = join(folder, 'program.js');
  kept = join(folder, 'cache/drover/code', `${folder.replaceAll('/', '-')}-plan`);
});

/** What a program of this text says, after its code was kept if it was to be. */
function say(text: string, build: string): unknown {
  writeFileSync(program, text);
  const loaded = loadProgram(program, build, ['plan']);
  loaded.keep();
  return loaded.exports;
}

test('compiled code is kept for the user alone, and left as it is while it serves', () => {
  expect(say('exports.said = require("node:path").basename(__filename)', 'build1')).toEqual({
    said: 'program.js',
  });
  expect(existsSync(kept)).toBe(isOurs);
  if (!isOurs) return;
  expect(statSync(kept).mode & 0o777).toBe(0o600);
  const before = statSync(kept);
  expect(loadProgram(program, 'build1', ['plan']).exports).toEqual({ said: 'program.js' });
  expect(say('exports.said = require("node:path").basename(__filename)', 'build1')).toEqual({
    said: 'program.js',
  });
  expect(statSync(kept)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
});

test('of another build nothing is taken, though it is as long', () => {
  expect(say('exports.said = "one"', 'build1')).toEqual({ said: 'one' });
  if (!isOurs) return;
  // V8 would take it: it holds the length against the text's, and no more.
  expect(say('exports.said = "two"', 'build2')).toEqual({ said: 'two' });
});

test('what is not whole is compiled again', () => {
  const text = 'exports.said = () => 1';
  say(text, 'build1');
  if (!isOurs) return;
  const whole = readFileSync(kept);
  const spoilt = Buffer.from(whole);
  spoilt[spoilt.length - 9] = (spoilt.at(-9) ?? 0) ^ 1;
  for (const bytes of [spoilt, whole.subarray(0, -8), Buffer.from('build1'), Buffer.alloc(0)]) {
    writeFileSync(kept, bytes);
    say(text, 'build1');
    expect(readFileSync(kept).equals(whole)).toBe(true);
  }
});

test('a playbook without any takes the verb’s, and gets its own', () => {
  if (!isOurs) return;
  const text = 'exports.said = 3';
  say(text, 'build1');
  const before = readFileSync(kept);
  const loaded = loadProgram(program, 'build1', ['plan-site.yml', 'plan']);
  expect(loaded.exports).toEqual({ said: 3 });
  loaded.keep();
  expect(existsSync(`${kept}-site.yml`)).toBe(true);
  expect(readFileSync(kept).equals(before)).toBe(true);
});

test('no more than twenty are kept', () => {
  if (!isOurs) return;
  const code = join(folder, 'cache/drover/code');
  mkdirSync(code, { recursive: true });
  const others = Array.from({ length: 25 }, (_, index) => join(code, `other${index}`));
  others.forEach((path, index) => {
    writeFileSync(path, '');
    utimesSync(path, new Date(), new Date(Date.now() - index * 1000));
  });
  say('exports.said = 4', 'build1');
  expect(others.filter((path) => existsSync(path))).toEqual(others.slice(0, 19));
  expect(existsSync(kept)).toBe(true);
});

test('what nobody has used for long goes, and the folders of later Node.js stay', () => {
  if (!isOurs) return;
  const code = join(folder, 'cache/drover/code');
  const old = ['v22.0.0-x64-folder', 'old', 'new'].map((name) => join(code, name));
  mkdirSync(old[0] ?? '', { recursive: true });
  for (const file of old.slice(1)) writeFileSync(file, '');
  for (const path of old.slice(0, 2)) utimesSync(path, 0, 0);
  say('exports.said = 2', 'build1');
  expect(old.map((path) => existsSync(path))).toEqual([true, false, true]);
  expect(existsSync(kept)).toBe(true);
});

test('where nothing can be kept, it starts all the same', () => {
  writeFileSync(join(folder, 'cache'), 'no folder');
  expect(say('exports.said = 1', 'build1')).toEqual({ said: 1 });
});
