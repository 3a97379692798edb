import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './shell.ts';

/** What a writable file system over read-only layers has in its folder: its writable layer, and where it is mounted. */
export function overlayIn(folder: string): { upper: string; work: string; root: string } {
  return { upper: join(folder, 'upper'), work: join(folder, 'work'), root: join(folder, 'root') };
}

/** Mounts a writable file system over layers that stay as they are, lowest first. */
export async function mountOverlay(name: string, layers: readonly string[], folder: string): Promise<void> {
  const { upper, work, root } = overlayIn(folder);
  for (const path of [upper, work, root]) mkdirSync(path, { recursive: true });
  // overlayfs wants the topmost layer first.
  const lower = [...layers].reverse().join(':');
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  await run('mount', ['-t', 'overlay', name, '-o', options, root]);
}

/** The layers of a file system that is mounted in a folder, lowest first. */
export function layersOf(folder: string): string[] {
  const { root } = overlayIn(folder);
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const [, , , options = ''] = mounts.find((mount) => mount.split(' ')[1] === root)?.split(' ') ?? [];
  const [, lower = ''] = /(?:^|,)lowerdir=([^,]*)/.exec(options) ?? [];
  return lower.split(':').reverse();
}
