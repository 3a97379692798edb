import { randomBytes } from 'node:crypto';

/** Names a run in locks, journals and events. */
export function newRunId(): string {
  return randomBytes(4).toString('hex');
}
