import { randomBytes } from 'node:crypto';

/** Makes the id of a run for locks, journals and events. */
export function newRunId(): string {
  return randomBytes(4).toString('hex');
}
