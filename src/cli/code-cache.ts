import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';
import { cacheFolder } from '../core/cache-folder.ts';
import { writePrivateFile } from '../core/private-file.ts';

// What Node.js wraps a CommonJS module in.
const wrapper = ['(function (exports, require, module, __filename, __dirname) { ', '\n})'] as const;

// Files to keep, of two megabytes each.
const largestCache = 20;

type Wrapped = (
  exports: unknown,
  require: NodeJS.Require,
  module: { exports: unknown },
  file: string,
  folder: string,
) => void;

/** The exports of a CommonJS file. `keep` stores its compiled code for the next start. */
interface Loaded {
  readonly exports: unknown;
  keep(): void;
}

/**
 * Loads the program with the code that an earlier start compiled, which saves more than a quarter of the start-up time.
 * Node.js does so itself since 22.1. For older versions the code is cached per use, since it holds the functions that
 * were called: per verb and playbook, falling back to the verb. `build` identifies the program's content, which V8 does
 * not check.
 */
export function loadProgram(file: string, build: string, uses: readonly string[]): Loaded {
  const folder = cacheFolder('code');
  const require = createRequire(file);
  const { enableCompileCache: enable } = Module as { enableCompileCache?: (folder: string) => void };
  if (enable) {
    enable(folder);
    return { exports: require(file), keep: () => undefined };
  }
  const place = join(folder, dirname(file).replaceAll('/', '-').slice(-180));
  const names = uses.map((use) => `${place}-${/^[\w.-]{1,60}$/.test(use) ? use : ''}`);
  const [name = place] = names;
  const header = `${build} ${process.version} ${process.arch} `;
  const own = readKept(name, header);
  const kept = own ?? names.slice(1).flatMap((other) => readKept(other, header) ?? [])[0];
  const script = new Script(wrapper.join(readFileSync(file, 'utf8')), {
    filename: file,
    columnOffset: -wrapper[0].length,
    ...(kept ? { cachedData: kept } : {}),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const program = { exports: {} };
  (script.runInThisContext() as Wrapped)(program.exports, require, program, file, dirname(file));
  const keep = () => {
    if (own && script.cachedDataRejected !== true) return;
    const code = script.createCachedData();
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writePrivateFile(name, Buffer.concat([Buffer.from(header + digestOf(code)), code]));
      removeOld(folder);
    } catch {
      // The next start compiles it again.
    }
  };
  return { exports: program.exports, keep };
}

/** Cached code, if it belongs to this user, build and Node.js version and is intact: V8 runs whatever it is given. */
function readKept(path: string, header: string): Buffer | undefined {
  try {
    if (statSync(path).uid !== process.getuid?.()) return undefined;
    const bytes = readFileSync(path);
    const code = bytes.subarray(header.length + digestOf('').length);
    const isWhole = bytes.toString('latin1', 0, bytes.length - code.length) === header + digestOf(code);
    return isWhole ? code : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(code: string | Uint8Array): string {
  return createHash('sha256').update(code).digest('hex');
}

/**
 * Removes the oldest files, mostly of folders, builds and playbooks that are gone; one still in use is written again.
 * Folders are the cache of later versions of Node.js.
 */
function removeOld(folder: string): void {
  const month = 30 * 24 * 3600 * 1000;
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ path: join(folder, name), time: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  for (const [index, { path, time }] of files.entries())
    if (index >= largestCache || Date.now() - time > month) rmSync(path);
}
