// Bundles the command line: one file to start, and one for each verb that is loaded when it is used.
import { chmodSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: { drover: 'src/cli/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  chunkNames: 'chunks/[name]-[hash]',
  sourcemap: true,
  // Less to read at each start; names stay, for whoever reports a stack.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'linked',
  // Libraries in CommonJS ask for these; ssh2's native parts are optional and measured no gain.
  banner: {
    js: [
      "import { createRequire as __createRequire } from 'node:module';",
      "import { fileURLToPath as __fileURLToPath } from 'node:url';",
      'const require = __createRequire(import.meta.url);',
      'const __filename = __fileURLToPath(import.meta.url);',
      "const __dirname = __fileURLToPath(new URL('.', import.meta.url));",
    ].join('\n'),
  },
  external: ['cpu-features', '*.node'],
});
chmodSync('dist/drover.js', 0o755);
