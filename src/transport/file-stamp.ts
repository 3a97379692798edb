import { statSync } from 'node:fs';

/** Differs when a file has changed: what was made of it can be used again until then. Throws when it is not there. */
export function fileStamp(path: string): string {
  const { ino, size, mtimeMs } = statSync(path);
  return `${ino} ${size} ${mtimeMs}`;
}
