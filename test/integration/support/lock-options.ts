import type { LockOptions } from '../../../src/engine/hosts/lock.ts';

/** How tests lock: at once or not at all, with nothing to say. */
export function lockOptions(holder: string, more: Partial<LockOptions> = {}): LockOptions {
  return {
    holder,
    timeout: 0,
    emit: () => undefined,
    checkpoint: () => undefined,
    lose: (_host, error) => {
      throw error;
    },
    ...more,
  };
}
