import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { loadProgram } from '../../../src/cli/code-cache.ts';
import { folderOf } from '../support.ts';

// Node.js has its own from 22.1 on.
const isOurs = !('enableCompileCache' in Module);
let folder: string;
let program: string;
let kept: string;

beforeEach(() => {
  folder = folderOf({});
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  program = join(folder, 'program.js');
  kept = join(folder, 'cache/drover/code', `${folder.replaceAll('/', '-')}-plan`);
});

/** What a program of this text says, after its code was kept if it was to be. */
function say(text: string, build: string): unknown {
  writeFileSync(program, text);
  const loaded = loadProgram(program, build, 'plan');
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
  expect(loadProgram(program, 'build1', 'plan').exports).toEqual({ said: 'program.js' });
  expect(say('exports.said = require("node:path").basename(__filename)', 'build1')).toEqual({
    said: 'program.js',
  });
  expect(statSync(kept)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
});

test('of another build nothing is taken, though it is as long', () => {
  const saying = (what: string) => `exports.say = () => '${what}'`;
  const told = (loaded: unknown) => (loaded as { say: () => string }).say();
  expect(told(say(saying('one'), 'build1'))).toBe('one');
  if (isOurs) expect(told(say(saying('two'), 'build2'))).toBe('two');
});

test('what V8 does not take is compiled again', () => {
  if (!isOurs) return;
  mkdirSync(dirname(kept), { recursive: true });
  writeFileSync(kept, 'build1 and nothing that V8 could read');
  expect(say('exports.said = 1', 'build1')).toEqual({ said: 1 });
  expect(readFileSync(kept).length).toBeGreaterThan(100);
});

test('where nothing can be kept, it starts all the same', () => {
  writeFileSync(join(folder, 'cache'), 'no folder');
  expect(say('exports.said = 1', 'build1')).toEqual({ said: 1 });
});
