import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drover, expectExit, finished, linesOf, recapOf, start, TestLab, threeNodes } from './harness.ts';
import { generator } from './random.ts';

const lab = new TestLab();
const kills = Number(process.env['DROVER_KILLS'] ?? 2);
const seed = Number(process.env['DROVER_SEED'] ?? 1);
/** A first provisioning has about so many events; the pause after one spreads the kills over what takes long. */
const most = { events: 480, pause: 3000 };

const next = generator(seed);
const moments = Array.from({ length: kills }, () => ({
  events: Math.round(next() * most.events),
  pause: Math.round(next() * most.pause),
}));

beforeEach(() => lab.up(threeNodes));
afterEach(() => {
  // The next hosts are other machines: with other keys, and no passwords yet.
  rmSync(join(dirname(lab.inventory), 'secrets.yml'), { force: true });
});
afterAll(() => lab.down());

describe(`a first provisioning whose controller is killed (seed ${seed})`, () => {
  it.each(moments)(
    '$pause ms after event $events ends in a verified cluster when it is run again',
    async (moment) => {
      // What the killed run has begun on a host goes on, and holds the lock until it is over.
      const args = ['provision', '-y', '-i', lab.inventory, '--json', '--lock-timeout', '600'];
      const running = start(...args);
      await reached(running, moment.events);
      await delay(moment.pause);
      running.kill('SIGKILL');
      const killed = await finished(running);
      console.log(`killed at event ${killed.lines.length}: ${JSON.stringify(killed.lines.at(-1))}`);

      const again = await drover(...args);
      expectExit(again, 0);
      expect(linesOf(again, 'probe').filter((line) => line.verdict === 'fail')).toEqual([]);

      const third = await drover(...args);
      expectExit(third, 0);
      for (const [host, { changed, roundTrips }] of Object.entries(recapOf(third))) {
        expect({ host, changed, roundTrips }).toEqual({ host, changed: 0, roundTrips: 1 });
      }
    },
  );
});

/** Resolves when a run has printed so many events, or has ended. */
function reached(running: ReturnType<typeof start>, events: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0;
    running.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString().split('\n').length - 1;
      if (seen >= events) resolve();
    });
    running.stdout.once('end', resolve);
    if (events === 0) resolve();
  });
}
