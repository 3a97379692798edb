import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';
import { cacheFolder } from '../core/cache-folder.ts';
import { writePrivateFile } from '../core/private-file.ts';

// What Node.js puts around a module of CommonJS.
const wrapper = ['(function (exports, require, module, __filename, __dirname) { ', '\n})'] as const;

type Wrapped = (
  exports: unknown,
  require: NodeJS.Require,
  module: { exports: unknown },
  file: string,
  folder: string,
) => void;

/** What a file of CommonJS exports, and what keeps its compiled code for the next start. */
interface Loaded {
  readonly exports: unknown;
  keep(): void;
}

/**
 * Loads the program, with the code that an earlier start has compiled: that spares more than a quarter of a start.
 * Node.js does so by itself since 22.1. Before, it is kept by use, a verb or a verb with its playbook, since it holds the
 * functions that were called; `build` names the program's content, which V8 does not look at.
 */
export function loadProgram(file: string, build: string, use: string): Loaded {
  const folder = cacheFolder('code');
  const require = createRequire(file);
  const { enableCompileCache: enable } = Module as { enableCompileCache?: (folder: string) => void };
  if (enable) {
    enable(folder);
    return { exports: require(file), keep: () => undefined };
  }
  const name = `${dirname(file).replaceAll('/', '-').slice(-180)}-${/^[\w.-]{1,60}$/.test(use) ? use : ''}`;
  const header = `${build} ${process.version} ${process.arch} `;
  const kept = readKept(join(folder, name), header);
  const script = new Script(wrapper.join(readFileSync(file, 'utf8')), {
    filename: file,
    columnOffset: -wrapper[0].length,
    ...(kept ? { cachedData: kept } : {}),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const own = { exports: {} };
  (script.runInThisContext() as Wrapped)(own.exports, require, own, file, dirname(file));
  const keep = () => {
    if (kept && script.cachedDataRejected !== true) return;
    const code = script.createCachedData();
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      removeOld(folder);
      writePrivateFile(join(folder, name), Buffer.concat([Buffer.from(header + digestOf(code)), code]));
    } catch {
      // The next start compiles again.
    }
  };
  return { exports: own.exports, keep };
}

/** The code, where it is this user's own, of this build and Node.js, and whole: V8 runs whatever it is given. */
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
 * Of folders and builds that are gone; what is still in use is made again. What later versions of Node.js keep lies in
 * folders.
 */
function removeOld(folder: string): void {
  const month = 30 * 24 * 3600 * 1000;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isFile() && Date.now() - statSync(path).mtimeMs > month) rmSync(path);
  }
}
