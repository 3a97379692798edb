import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The user's folder for what must outlive a cache, by the XDG Base Directory Specification. */
export function stateFolder(): string {
  const own = process.env['XDG_STATE_HOME'];
  return join(own !== undefined && isAbsolute(own) ? own : join(homedir(), '.local/state'), 'drover');
}
