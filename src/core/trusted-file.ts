import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';

/** Why a file is not taken as it is; says nothing of its content. */
export class UntrustedFileError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Reads a file that decides what drover does with others' passwords and hosts: a regular one, links followed, of this
 * user's or root's, which nobody else could have written (`0o022`) or read (`0o077`). Opened without waiting: a pipe would.
 */
export function readTrustedFile(path: string, forbidden: 0o022 | 0o077): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { mode, uid } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG)
      throw new UntrustedFileError('it is no regular file', 'put a file there');
    if (!trusted().includes(uid))
      throw new UntrustedFileError(
        `it belongs to another user (uid ${uid})`,
        'look at what it holds; if it is yours: chown it',
      );
    if ((mode & forbidden) !== 0)
      throw new UntrustedFileError(
        forbidden === 0o077
          ? 'it can be read by others than its owner'
          : 'others than its owner can write to it',
        `chmod 600 ${path}`,
      );
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Whether anybody but this user and root can put files into a folder. */
export function isOthersFolder(path: string): boolean {
  const { mode, uid } = statSync(path);
  return !trusted().includes(uid) || (mode & 0o002) !== 0;
}

/** This user, root, and who has become root by sudo. */
function trusted(): number[] {
  const own = process.getuid?.() ?? 0;
  const before = Number(process.env['SUDO_UID'] ?? own);
  return own === 0 ? [0, before] : [0, own];
}

// Linux's device numbers (devices.txt): 1, 3.
const devNull = 0x103;

/** Whether reading a path may come to no end. */
export function isEndless(path: string): boolean {
  const stat = statSync(path);
  return (stat.isCharacterDevice() || stat.isBlockDevice()) && stat.rdev !== devNull;
}
