import {
  constants,
  openSync,
  closeSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';

/**
 * Writes a file that only its owner can read. A reader sees the old text or the new one, never a part; nothing is left
 * where the disk is full. A link stays one: what it leads to is written.
 */
export function writePrivateFile(path: string, text: string | Uint8Array): void {
  const place = statOf(path) ? realpathSync(path) : path;
  const temporary = `${place}.${process.pid}`;
  // What an earlier process has left there would keep its own mode.
  rmSync(temporary, { force: true });
  try {
    writeFileSync(temporary, text, { mode: 0o600, flag: 'wx', flush: true });
    renameSync(temporary, place);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes where a user says. A file is replaced as a private one; into a pipe or device, and what this process has open
 * (`/dev/stdout`), the text is written, and they stay what they are.
 */
export function writeTo(path: string, text: string): void {
  const there = statOf(path);
  const isOpen = /^\/(dev|proc\/self)\/(stdout|stderr|fd\/\d+)$/.test(path);
  if (!isOpen && (!there || there.isFile() || there.isDirectory())) {
    writePrivateFile(path, text);
    return;
  }
  const file = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
