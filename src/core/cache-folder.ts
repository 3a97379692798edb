import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The user's cache folder, by the XDG Base Directory Specification. */
export function cacheFolder(name: string): string {
  const own = process.env['XDG_CACHE_HOME'];
  return join(own !== undefined && isAbsolute(own) ? own : join(homedir(), '.cache'), 'drover', name);
}
