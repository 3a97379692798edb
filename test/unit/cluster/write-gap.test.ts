import { describe, expect, it } from 'vitest';
import type { SqlAnswer } from '../../../src/clients/sql.ts';
import { longestGap, measureWrites, Writer } from '../../../src/cluster/write-gap.ts';
import type { Emit, RunEvent } from '../../../src/engine/events.ts';
import { FakeFleet } from '../fake-fleet.ts';
import { topology } from './support.ts';

/** A database behind HAProxy whose rows can be lost, and that can stop taking any. */
class Database {
  readonly rows = new Set<number>();
  takesWrites = true;
  readonly events: RunEvent[] = [];
  readonly emit: Emit = (event) => this.events.push(event);
  readonly fleet = new FakeFleet({ sql: (_, statement) => this.#query(statement) });

  #query(statement: string): SqlAnswer {
    const inserted = /, (\d+)\)$/.exec(statement);
    if (!inserted) return { answered: true, rows: [...this.rows].map((n) => ({ n })) };
    if (!this.takesWrites) return { answered: false, reason: 'read-only' };
    this.rows.add(Number(inserted[1]));
    return { answered: true, rows: [] };
  }

  measure(work: () => Promise<void>, untaken?: () => void) {
    const writer = new Writer(this.fleet, topology, 'test-1');
    const leader = () => Promise.resolve('node1');
    return measureWrites(writer, { emit: this.emit, leader, ...(untaken && { untaken }) }, work);
  }

  get report() {
    return this.events.find(({ type }) => type === 'writes');
  }
}

describe('writes that are measured while something is done', () => {
  it('are taken before and after, and none is lost', async () => {
    const database = new Database();
    expect(await database.measure(() => Promise.resolve())).toEqual({ wereTaken: true, areTaken: true });
    expect(database.report).toMatchObject({ through: 'lb:5000', refused: 0, lost: 0 });
  });

  it('are an error when acknowledged rows are gone', async () => {
    const database = new Database();
    const forget = () => {
      database.rows.clear();
      return Promise.resolve();
    };
    await expect(database.measure(forget)).rejects.toThrow(/acknowledged rows are gone/);
  });

  it('are reported also when the work fails, whose error is told', async () => {
    const database = new Database();
    const fail = () => {
      database.rows.clear();
      return Promise.reject(new Error('the work failed'));
    };
    await expect(database.measure(fail)).rejects.toThrow('the work failed');
    expect(database.report).toMatchObject({ type: 'writes' });
  });

  it('say so beforehand when none is taken, and whether any is afterwards', async () => {
    const database = new Database();
    database.takesWrites = false;
    let told = 0;
    const mend = () => {
      database.takesWrites = true;
      return Promise.resolve();
    };
    expect(await database.measure(mend, () => told++)).toEqual({ wereTaken: false, areTaken: true });
    expect(told).toBe(1);
  }, 15_000);
});

describe('the longest gap', () => {
  it.each([
    { times: [], begin: 0, end: 50, gap: 50 },
    { times: [10, 20, 70, 80], begin: 0, end: 85, gap: 50 },
    { times: [60, 70], begin: 0, end: 75, gap: 60 },
    { times: [10, 20], begin: 0, end: 90, gap: 70 },
  ])('of $times between $begin and $end is $gap', ({ times, begin, end, gap }) => {
    expect(longestGap(times, begin, end)).toBe(gap);
  });
});
