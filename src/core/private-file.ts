import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Writes a file that only its owner can read. A reader sees the old text or the new one, never a part. */
export function writePrivateFile(path: string, text: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}`;
  // What an earlier process has left there would keep its own mode.
  rmSync(temporary, { force: true });
  writeFileSync(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(temporary, path);
}
