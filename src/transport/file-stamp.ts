import { statSync } from 'node:fs';

/** A stamp that changes when the file does, for caching what was made from it. Throws if the file does not exist. */
export function fileStamp(path: string): string {
  const { ino, size, mtimeMs } = statSync(path);
  return `${ino} ${size} ${mtimeMs}`;
}
