#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { exitCodes } from '../core/errors.ts';
import { loadProgram } from './code-cache.ts';
import { surviveLostOutput } from './lost-output.ts';
import type * as Program from './program.ts';

/** Identifies the content of program.js; defined by scripts/build.mjs. */
declare const BUILD: string;

async function start(): Promise<void> {
  const isOutputLost = surviveLostOutput([process.stdout, process.stderr], (message) =>
    process.stderr.write(message),
  );
  // A run is over before V8's optimising compiler pays off: it took a fifth of the CPU time. Only Node.js 20 has the
  // flag; later versions compile less.
  if (process.versions.v8.startsWith('11.')) {
    setFlagsFromString('--interrupt-budget=1000000');
    // Grows the space for young objects from 1 to 16 MB in one step: most objects of a run are garbage by then.
    setFlagsFromString('--semi-space-growth-factor=16');
  }
  const [verb = '', first = ''] = process.argv.slice(2);
  const uses = /\.ya?ml$/.test(first) ? [`${verb}-${basename(first)}`, verb] : [verb];
  const loaded = loadProgram(join(import.meta.dirname, 'program.js'), BUILD, uses);
  const exitCode = await (loaded.exports as typeof Program).main(process.argv);
  process.exitCode = isOutputLost() && exitCode === exitCodes.ok ? exitCodes.internal : exitCode;
  // A run that failed, or only printed help, has not called all functions of the verb.
  const isWhole = exitCode === exitCodes.ok || exitCode === exitCodes.changesPending;
  if (isWhole && !process.argv.some((word) => word === '-h' || word === '--help')) loaded.keep();
}

// Answered before anything is loaded.
if (process.argv[2] === '--version' || process.argv[2] === '-V') {
  const file = join(import.meta.dirname, '../package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  process.stdout.write(`${version}\n`);
} else void start();
