import { setImmediate as turn } from 'node:timers/promises';

/**
 * Does work for each item, beside each other. Each begins once those before it wait for something outside, and what
 * they have sent is on its way: begun at once, the first would be ready to send no sooner than the last.
 */
export async function inTurns<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const begun: Promise<void>[] = [];
  for (const item of items) {
    const done = work(item);
    // What fails meanwhile is thrown below.
    done.catch(() => undefined);
    begun.push(done);
    await turn();
  }
  await Promise.all(begun);
}
