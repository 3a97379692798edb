#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { exitCodes } from '../core/errors.ts';
import { loadProgram } from './code-cache.ts';
import type * as Program from './program.ts';

/** Names the content of program.js; put in by scripts/build.mjs. */
declare const BUILD: string;

async function start(): Promise<void> {
  // Whoever reads the output may have seen enough (`drover … | head`); a run goes on to its end all the same.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  // A run is over before V8's optimising compiler pays: it took a fifth of the processor's time. Node.js 20 alone has
  // the flag; those after it compile less.
  if (process.versions.v8.startsWith('11.')) {
    setFlagsFromString('--interrupt-budget=1000000');
    // Room for young objects, from 1 to 16 MB in one step: most of what a run makes is gone when it fills.
    setFlagsFromString('--semi-space-growth-factor=16');
  }
  const [verb = '', first = ''] = process.argv.slice(2);
  const uses = /\.ya?ml$/.test(first) ? [`${verb}-${basename(first)}`, verb] : [verb];
  const loaded = loadProgram(join(import.meta.dirname, 'program.js'), BUILD, uses);
  const exitCode = await (loaded.exports as typeof Program).main(process.argv);
  process.exitCode = exitCode;
  // What went wrong, or only told how to call it, has not called all that the verb is made of.
  const isWhole = exitCode === exitCodes.ok || exitCode === exitCodes.changesPending;
  if (isWhole && !process.argv.some((word) => word === '-h' || word === '--help')) loaded.keep();
}

// Answered before anything is loaded.
if (process.argv[2] === '--version' || process.argv[2] === '-V') {
  const file = join(import.meta.dirname, '../package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  process.stdout.write(`${version}\n`);
} else void start();
