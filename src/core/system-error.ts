import { messageOf } from './errors.ts';

const words: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is no directory',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files (ulimit -n)',
  EIO: 'the disk cannot be read or written',
};

/** Whether the operating system refused something. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error && 'code' in error && 'syscall' in error;
}

/** Why, in words, and of which file where the error knows. */
export function describeSystemError(error: NodeJS.ErrnoException, withPath = true): string {
  if (error.syscall === 'uv_cwd') return 'the current directory is gone; change to one that exists';
  const why = words[error.code ?? ''] ?? messageOf(error);
  return withPath && error.path !== undefined ? `${error.path}: ${why}` : why;
}

/** Why a file cannot be read or written. */
export function whyNot(error: unknown): string {
  return isSystemError(error) ? describeSystemError(error, false) : messageOf(error);
}
