// Writes the pages under docs/ that are made from the sources: npm run docs.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';

// Within node_modules, so that the bundle finds the libraries.
const outfile = 'node_modules/.cache/drover-docs.mjs';
await build({
  entryPoints: ['scripts/docs/pages.ts'],
  outfile,
  bundle: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  logLevel: 'warning',
});
const { generatedFolder, pages } = await import(new URL(`../${outfile}`, import.meta.url));
rmSync(outfile);

const written = pages();
for (const [path, text] of written) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
for (const name of readdirSync(generatedFolder)) {
  if (!written.has(`${generatedFolder}/${name}`)) rmSync(`${generatedFolder}/${name}`);
}
console.log(`${written.size} pages written`);
