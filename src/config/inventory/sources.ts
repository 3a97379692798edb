import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** `-i a,b` and `-i a,` are hosts, not a file. */
export function isHostList(source: string): boolean {
  return source.includes(',') && !existsSync(source);
}

/** The folder whose group_vars and host_vars belong to a source. */
export function folderOf(source: string): string {
  return isFolder(source) ? resolve(source) : dirname(resolve(source));
}

/** What Ansible leaves out of a folder of inventories, and the passwords that drover keeps there. */
const ignored =
  /^\.|^(host_vars|group_vars|vars_plugins|secrets\.yml)$|(\.pyc|\.pyo|\.swp|\.bak|~|\.rpm|\.md|\.txt|\.rst|\.orig|\.ini|\.cfg|\.retry)$/;

/** The inventories of a source: itself, or what is in a folder and those below it, by the alphabet. */
export function filesOf(source: string, above: readonly string[] = []): string[] {
  if (!isFolder(source)) return [source];
  const folder = realpathSync(source);
  if (above.includes(folder)) return [];
  return readdirSync(source)
    .filter((name) => !ignored.test(name))
    .sort((one, other) => (one < other ? -1 : 1))
    .flatMap((name) => filesOf(join(source, name), [...above, folder]));
}

/** Whether an inventory is to be run: it may be, and it says by what, or is machine code. */
export function isProgram(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
  } catch {
    return false;
  }
  const start = Buffer.alloc(4);
  const file = openSync(path, 'r');
  try {
    readSync(file, start);
  } finally {
    closeSync(file);
  }
  return start.toString('latin1').startsWith('#!') || start.toString('latin1') === '\x7fELF';
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
