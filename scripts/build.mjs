// Bundles the command line: dist/drover.js, which starts at once, dist/program.js, which it loads, what the files that ship
// with it are parsed to, and the licences of the libraries within.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { importTypeScript } from './import-ts.mjs';
import { licences } from './licences.mjs';

rmSync('dist', { recursive: true, force: true });
const options = {
  outdir: 'dist',
  bundle: true,
  // In CommonJS the compiled code can be kept, on Node.js 20 too. A verb's modules are run when it is used.
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  // Less to read at each start; names stay, for whoever reports a stack.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'linked',
  // ssh2's native parts are optional and measured no gain.
  external: ['cpu-features', '*.node'],
  define: { 'import.meta.dirname': '__dirname' },
  logOverride: { 'empty-import-meta': 'error' },
};
const program = await build({
  ...options,
  entryPoints: { program: 'src/cli/program.ts' },
  define: { ...options.define, COMMIT: JSON.stringify(commit()) },
  metafile: true,
});
writeFileSync('dist/LICENSES.txt', licences(Object.keys(program.metafile.inputs)));
const digest = createHash('sha256').update(readFileSync('dist/program.js')).digest('hex').slice(0, 32);
await build({
  ...options,
  entryPoints: { drover: 'src/cli/main.ts' },
  define: { ...options.define, BUILD: JSON.stringify(digest) },
});
const { shipped } = await importTypeScript('scripts/shipped.ts');
// No more readable than any of what it was made of: somebody may have put a password there.
const mode = ['playbooks', 'templates']
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((path) => join(folder, path)))
  .reduce((common, path) => common & statSync(path).mode, 0o644);
writeFileSync('dist/parsed.json', shipped(), { mode });
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
chmodSync('dist/drover.js', 0o755);

/** What the sources were, for drover version. */
function commit() {
  try {
    const arguments_ = ['describe', '--always', '--abbrev=10', '--exclude=*', '--dirty=, and changes'];
    return `commit ${execFileSync('git', arguments_, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()}`;
  } catch {
    return 'of no known commit';
  }
}
