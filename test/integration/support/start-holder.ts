import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect } from 'vitest';
import type { Target } from '../../../src/transport/target.ts';
import type { Controller } from './controller.ts';

/** Another controller, which holds a host's lock, and runs a script there. */
export async function startHolder(
  controller: Controller,
  target: Target,
  script: string,
): Promise<ChildProcess> {
  const bundle = join(controller.home, 'holder.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'holder.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['cpu-features', '*.node'],
  });
  const holder = spawn(process.execPath, [bundle, JSON.stringify(target), script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')])) as [unknown];
  expect(String(said)).toBe('held\n');
  return holder;
}
