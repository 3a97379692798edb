// Writes the pages under docs/ that are made from the sources: npm run docs.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { importTypeScript } from './import-ts.mjs';

const { generatedFolder, pages } = await importTypeScript('scripts/docs/pages.ts');

const written = pages();
for (const [path, text] of written) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
for (const name of readdirSync(generatedFolder)) {
  if (!written.has(`${generatedFolder}/${name}`)) rmSync(`${generatedFolder}/${name}`);
}
console.log(`${written.size} pages written`);
