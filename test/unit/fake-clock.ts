import type { Clock } from '../../src/core/until.ts';

/** A clock that only goes on when somebody sleeps or the test lets time pass. */
export class FakeClock implements Clock {
  /** How long was slept each time. */
  readonly sleeps: number[] = [];
  #now = 0;

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    this.sleeps.push(milliseconds);
    this.#now += milliseconds;
    return Promise.resolve();
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
