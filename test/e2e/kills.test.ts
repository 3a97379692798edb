import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drover, expectExit, finished, linesOf, recapOf, start, TestLab, threeNodes } from './harness.ts';

const lab = new TestLab('e2ekill');
const kills = Number(process.env['DROVER_KILLS'] ?? 3);
const seed = Number(process.env['DROVER_SEED'] ?? 1);
/** A first provisioning takes about this long here; later moments hit what comes after it. */
const span = { from: 300, to: 45_000 };

/** Mulberry32, a small generator whose numbers a seed repeats (Tommy Ettinger, public domain). */
function generator(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const next = generator(seed);
const moments = Array.from({ length: kills }, () => Math.round(span.from + next() * (span.to - span.from)));

beforeEach(() => lab.up(threeNodes));
afterEach(() => {
  // The next hosts are other machines: with other keys, and no passwords yet.
  rmSync(join(dirname(lab.inventory), 'secrets.yml'), { force: true });
});
afterAll(() => lab.down());

describe(`a first provisioning whose controller is killed (seed ${seed})`, () => {
  it.each(moments)('after %i ms ends in a verified cluster when it is run again', async (moment) => {
    const args = ['provision', '-y', '-i', lab.inventory, '--json'];
    const running = start(...args);
    await delay(moment);
    running.kill('SIGKILL');
    const killed = await finished(running);
    const last = killed.lines.at(-1);
    console.log(`killed after ${moment} ms, ${killed.lines.length} events, at ${JSON.stringify(last)}`);

    const again = await drover(...args);
    expectExit(again, 0);
    expect(linesOf(again, 'probe').filter((line) => line.verdict === 'fail')).toEqual([]);

    const third = await drover(...args);
    expectExit(third, 0);
    for (const [host, { changed, roundTrips }] of Object.entries(recapOf(third))) {
      expect({ host, changed, roundTrips }).toEqual({ host, changed: 0, roundTrips: 1 });
    }
  });
});
