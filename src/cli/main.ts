#!/usr/bin/env node
import { readFileSync } from 'node:fs';

// Answered before anything is loaded.
if (process.argv[2] === '--version' || process.argv[2] === '-V') {
  const file = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  process.stdout.write(`${version}\n`);
} else {
  const { main } = await import('./program.ts');
  process.exitCode = await main(process.argv);
}
