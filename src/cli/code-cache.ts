import { mkdirSync, readFileSync, statSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';
import { writePrivateFile } from '../core/private-file.ts';

type Wrapper = (
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
 * Loads the program, with the code that an earlier start has compiled: that spares a third of a start. Node.js does so
 * by itself since 22.1. Before, it is kept by verb, since it holds the functions that were called; `build` names the
 * program's content, which V8 does not look at.
 */
export function loadProgram(file: string, build: string, verb: string): Loaded {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'drover', 'code');
  const require = createRequire(file);
  const { enableCompileCache: enable } = Module as { enableCompileCache?: (folder: string) => void };
  if (enable) {
    enable(folder);
    return { exports: require(file), keep: () => undefined };
  }
  const name = `${dirname(file).replaceAll('/', '-').slice(-180)}-${/^[a-z-]+$/.test(verb) ? verb : ''}`;
  const kept = readKept(join(folder, name), build);
  const script = new Script(Module.wrap(readFileSync(file, 'utf8')), {
    filename: file,
    ...(kept ? { cachedData: kept } : {}),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const own = { exports: {} };
  (script.runInThisContext() as Wrapper)(own.exports, require, own, file, dirname(file));
  const keep = () => {
    if (kept && script.cachedDataRejected !== true) return;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writePrivateFile(join(folder, name), Buffer.concat([Buffer.from(build), script.createCachedData()]));
    } catch {
      // The next start compiles again.
    }
  };
  return { exports: own.exports, keep };
}

/** The code, where it is this user's own and of this build. */
function readKept(path: string, build: string): Buffer | undefined {
  try {
    if (statSync(path).uid !== process.getuid?.()) return undefined;
    const bytes = readFileSync(path);
    return bytes.toString('latin1', 0, build.length) === build ? bytes.subarray(build.length) : undefined;
  } catch {
    return undefined;
  }
}
