import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds that what only looks may still take once the run is interrupted. */
const grace = 2000;

/** Waits for work that only looks; once interrupted, not for long. Resolves to whether it came to its end. */
export async function patiently(work: Promise<unknown>, signal: AbortSignal | undefined): Promise<boolean> {
  if (!signal) return work.then(() => true);
  const over = new AbortController();
  try {
    const given = interrupted(signal, over.signal).then(() => delay(grace, false, { signal: over.signal }));
    given.catch(() => undefined);
    return await Promise.race([work.then(() => true), given]);
  } finally {
    over.abort();
  }
}

/** Resolves when the signal is aborted; rejects, so that nobody listens any more, when that is over. */
function interrupted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true, signal: over });
    over.addEventListener('abort', () => reject(new Error('over')), { once: true });
  });
}
