import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';

/** Bundles a TypeScript file of the project and imports it. */
export async function importTypeScript(entryPoint) {
  // Within node_modules, so that the bundle finds the libraries.
  const outfile = `node_modules/.cache/drover-${basename(entryPoint, '.ts')}-${process.pid}.mjs`;
  await build({
    entryPoints: [entryPoint],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    logLevel: 'warning',
  });
  try {
    return await import(new URL(`../${outfile}`, import.meta.url));
  } finally {
    rmSync(outfile);
  }
}
