import { describe, expect, test } from 'vitest';
import { until, type Look } from '../../../src/core/until.ts';
import { FakeClock } from '../fake-clock.ts';

/** A look that misses these things in turn, and then is done. */
const missing =
  (...things: string[]) =>
  (number: number): Look<string> => {
    const thing = things[number - 1];
    return thing === undefined ? { done: `look ${number}` } : { missing: thing };
  };

describe('until', () => {
  test('does not wait for what is there', async () => {
    const clock = new FakeClock();
    expect(await until(missing(), { within: 60, every: 500, clock })).toEqual({
      done: 'look 1',
      looks: 1,
      seconds: 0,
    });
    expect(clock.sleeps).toEqual([]);
  });

  test('looks again in its interval until nothing is missing', async () => {
    const clock = new FakeClock();
    const waited = await until(missing('a', 'b', 'b'), { within: 60, every: 500, clock });
    expect(waited).toEqual({ done: 'look 4', looks: 4, seconds: 1.5 });
    expect(clock.sleeps).toEqual([500, 500, 500]);
  });

  test('says what is missing, once until it changes', async () => {
    const clock = new FakeClock();
    const said: string[] = [];
    await until(missing('a', 'b', 'b', 'a'), {
      within: 60,
      every: 1,
      waiting: (what) => said.push(what),
      clock,
    });
    expect(said).toEqual(['a', 'b', 'a']);
  });

  test('gives up when the time is up, with what is missing then', async () => {
    const clock = new FakeClock();
    const waited = await until(() => ({ missing: `at ${clock.now()}` }), { within: 2, every: 1000, clock });
    expect(waited).toEqual({ missing: 'at 2000', looks: 3, seconds: 2 });
  });

  test('takes one look where there is no time at all', async () => {
    const clock = new FakeClock();
    expect(await until(missing('a'), { within: 0, every: 1000, clock })).toEqual({
      missing: 'a',
      looks: 1,
      seconds: 0,
    });
  });

  test('counts the time that a look takes', async () => {
    const clock = new FakeClock();
    const slow = () => {
      clock.pass(1500);
      return { missing: 'an answer' };
    };
    expect(await until(slow, { within: 2, every: 1000, clock })).toMatchObject({ looks: 2, seconds: 4 });
  });

  test('gives up after so many looks', async () => {
    const clock = new FakeClock();
    expect(
      await until(missing('a', 'b', 'c'), { within: Infinity, looks: 2, every: 1000, clock }),
    ).toMatchObject({
      missing: 'b',
      looks: 2,
    });
  });

  test('adds a random part to its interval where it is told to', async () => {
    const clock = new FakeClock();
    await until(missing('a', 'b', 'c'), { within: 60, every: 500, jitter: 500, clock });
    expect(clock.sleeps.every((pause) => pause >= 500 && pause < 1000)).toBe(true);
    expect(new Set(clock.sleeps).size).toBe(3);
  });

  test('ends without another look when its signal is aborted', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const waited = until(
      (number) => {
        if (number === 2) stop.abort();
        return { missing: `look ${number}` };
      },
      { within: 60, every: 1000, signal: stop.signal, clock },
    );
    expect(await waited).toMatchObject({ missing: 'look 2' });
    expect(clock.sleeps).toEqual([1000]);
  });

  test('wakes up from a pause on the wall clock when its signal is aborted', async () => {
    const stop = new AbortController();
    const waited = until(missing('a', 'b'), { within: 60, every: 60_000, signal: stop.signal });
    stop.abort();
    expect(await waited).toMatchObject({ missing: 'a', looks: 1 });
  });

  test('ends with what a checkpoint throws, also right after a pause', async () => {
    const clock = new FakeClock();
    const stop = () => {
      throw new Error('interrupted');
    };
    const asked = until(missing('a'), { within: 60, every: 1000, checkpoint: stop, clock });
    await expect(asked).rejects.toThrow('interrupted');
    expect(clock.sleeps).toEqual([]);
    const after = until(missing('a'), {
      within: 60,
      every: 1000,
      checkpoint: () => (clock.sleeps.length > 0 ? stop() : undefined),
      clock,
    });
    await expect(after).rejects.toThrow('interrupted');
    expect(clock.sleeps).toEqual([1000]);
  });
});
