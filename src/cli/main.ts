#!/usr/bin/env node
import { readFileSync } from 'node:fs';

// Answered before anything is loaded.
if (process.argv[2] === '--version' || process.argv[2] === '-V') {
  const file = new URL('../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  process.stdout.write(`${version}\n`);
} else {
  // Whoever reads the output may have seen enough (`drover … | head`); a run goes on to its end all the same.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const { main } = await import('./program.ts');
  process.exitCode = await main(process.argv);
}
