// Waiting for something that happens elsewhere: a service that starts, a leader that moves, a lock that is released.
// Nothing else in drover polls.
import { setTimeout as delay } from 'node:timers/promises';

/** Time as a wait sees it, in milliseconds. Tests bring their own. */
export interface Clock {
  now(): number;
  /** Resolves early once the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

const wallClock: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) =>
    delay(milliseconds, undefined, signal && { signal }).catch(() => undefined),
};

/** What a look has found: the awaited result, or what is still missing. */
export type Look<T> = { readonly done: T } | { readonly missing: string };

interface Wait {
  /** Seconds after which to give up; the first look is always taken. */
  readonly within: number;
  /** Looks after which to give up. */
  readonly looks?: number;
  /** Milliseconds between two looks. */
  readonly every: number;
  /** At most this many random milliseconds are added: two runs that wait for each other must not keep step. */
  readonly jitter?: number;
  /** Called with what is missing, after the first look and whenever it has changed. */
  readonly waiting?: (missing: string, looks: number) => void;
  /** Ends the wait at once, without another look. */
  readonly signal?: AbortSignal | undefined;
  /** Throws when the run is to stop; asked before and after each pause. */
  readonly checkpoint?: (() => void) | undefined;
  readonly clock?: Clock | undefined;
}

/** How a wait ended, after how many looks and seconds. */
type Waited<T> = Look<T> & { readonly looks: number; readonly seconds: number };

/**
 * Looks until nothing is missing, or the time is up, which is an answer, too. `look` is given its number, from 1, and the
 * seconds that have passed before it.
 */
export async function until<T>(
  look: (number: number, seconds: number) => Look<T> | Promise<Look<T>>,
  { within, looks: most = Infinity, every, jitter = 0, waiting, signal, checkpoint, clock = wallClock }: Wait,
): Promise<Waited<T>> {
  const begun = clock.now();
  const passed = () => (clock.now() - begun) / 1000;
  let said: string | undefined;
  for (let looks = 1; ; looks++) {
    const found = await look(looks, passed());
    const waited = { ...found, looks, seconds: passed() };
    if ('done' in found) return waited;
    if (found.missing !== said) waiting?.(found.missing, looks);
    said = found.missing;
    if (waited.seconds >= within || looks >= most) return waited;
    checkpoint?.();
    if (signal?.aborted) return waited;
    await clock.sleep(every + Math.random() * jitter, signal);
    checkpoint?.();
    if (signal?.aborted) return waited;
  }
}
