import { setTimeout as delay } from 'node:timers/promises';
import type { SqlAnswer, SqlConnection } from '../clients/sql.ts';
import { messageOf, UnhealthyError } from '../core/errors.ts';
import { until } from '../core/until.ts';
import type { Emit } from '../engine/events.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import { Ask } from '../components/ask.ts';
import { haproxy } from '../components/haproxy/index.ts';
import { insertRow, removeRows, selectRows } from '../components/ledger.ts';
import { patroni } from '../components/patroni/index.ts';
import type { Topology } from './topology.ts';

/** Milliseconds between two writes. */
const interval = 50;
/** Milliseconds for a connection and for a write: a client that gives up sooner finds the new leader sooner. */
const patience = 1_000;
/** Seconds for the first write to be taken. */
const firstPatience = 3;

/** What became of the writes of a client that never stopped writing. */
export interface WriteReport {
  /** The entry point: `HAProxy-demo:5000`, or `the leader` where there is no HAProxy. */
  readonly through: string;
  readonly acknowledged: number;
  /** Attempts that failed or had no answer in time. */
  readonly refused: number;
  /** Seconds between two acknowledgements, at the longest. */
  readonly gap: number;
  /** Acknowledged rows that are not there afterwards. */
  readonly lost: number;
  /** Why nothing could be measured, or the rows not be counted. */
  readonly problem?: string;
}

interface Door {
  readonly host: string;
  readonly address: string;
  readonly port: number;
}

/** Writes rows through the cluster's entry point for as long as something is done to it. */
export class Writer {
  readonly #fleet: Fleet;
  readonly #topology: Topology;
  readonly #run: string;
  readonly #doors: readonly Door[];
  readonly #through: string;
  readonly #started = performance.now();
  readonly #acknowledged = new Map<number, number>();
  readonly #loop: Promise<void>;
  #connection: SqlConnection | undefined;
  #door = 0;
  #attempts = 0;
  #problem = 'nothing was written yet';
  #stopped = false;

  /** Begins at once. The run's id marks its rows. */
  constructor(fleet: Fleet, topology: Topology, run: string) {
    this.#fleet = fleet;
    this.#topology = topology;
    this.#run = run;
    const [entry] = topology.hostsOf(haproxy).filter(({ name }) => fleet.has(name));
    const { writePort } = topology.of(haproxy).settings;
    const { hosts: members, settings } = topology.of(patroni);
    this.#doors = entry
      ? [{ host: entry.name, address: entry.address, port: writePort }]
      : members
          .filter(({ name }) => fleet.has(name))
          .map(({ name, address }) => ({ host: name, address, port: settings.postgresPort }));
    this.#through = entry ? `${entry.name}:${writePort}` : 'the leader';
    this.#loop = this.#write();
  }

  /** Whether a write begun after now is taken within so many seconds. */
  async takes(within = firstPatience): Promise<boolean> {
    const from = this.#attempts;
    const taken = () => [...this.#acknowledged.keys()].some((n) => n > from);
    const waited = await until(() => (taken() ? { done: true } : { missing: this.#problem }), {
      within,
      every: interval,
    });
    return 'done' in waited;
  }

  /** Why the last write that was not taken was not. */
  get problem(): string {
    return this.#problem;
  }

  /** Ends the writing, and looks for the rows on the leader. */
  async stop(leader: string | undefined): Promise<WriteReport> {
    this.#stopped = true;
    await this.#loop;
    const times = [...this.#acknowledged.values()];
    const report = {
      through: this.#through,
      acknowledged: times.length,
      refused: this.#attempts - times.length,
      gap: longestGap(times, this.#started, performance.now()) / 1000,
    };
    if (times.length === 0) return { ...report, lost: 0, problem: this.#problem };
    const found = await this.#readBack(leader);
    if (typeof found === 'string')
      return { ...report, lost: 0, problem: `the rows cannot be counted: ${found}` };
    return { ...report, lost: [...this.#acknowledged.keys()].filter((n) => !found.has(n)).length };
  }

  async #write(): Promise<void> {
    while (!this.#stopped) {
      const began = performance.now();
      const n = ++this.#attempts;
      const answer = await this.#attempt(n);
      if (answer.answered) this.#acknowledged.set(n, performance.now());
      else {
        this.#problem = answer.reason;
        await this.#hangUp();
        this.#door++;
      }
      await delay(Math.max(0, began + interval - performance.now()));
    }
    await this.#hangUp();
  }

  async #attempt(n: number): Promise<SqlAnswer> {
    const door = this.#doors[this.#door % this.#doors.length];
    if (!door) return { answered: false, reason: 'no host to write from' };
    const { probe } = this.#topology.of(patroni).settings;
    try {
      this.#connection ??= this.#fleet.connectSql(
        this.#fleet.get(door.host),
        door.address,
        { port: door.port, database: 'postgres', ...probe },
        patience,
      );
      return await this.#connection.run(insertRow(this.#run, n));
    } catch (error) {
      return { answered: false, reason: messageOf(error) };
    }
  }

  async #hangUp(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }

  /** The rows that the leader has, which are then removed; or why it can't be asked. */
  async #readBack(leader: string | undefined): Promise<ReadonlySet<number> | string> {
    const member = this.#topology.hostsOf(patroni).find(({ name }) => name === leader);
    if (!member) return 'there is no leader';
    const sql = this.#topology.probeRole(new Ask(this.#fleet));
    const answer = await sql.on(member, selectRows(this.#run));
    if (!answer.answered) return answer.reason;
    await sql.on(member, removeRows(this.#run));
    return new Set(answer.rows.map((row) => Number(row['n'])));
  }
}

interface Measuring {
  readonly emit: Emit;
  /** Who leads at the end, and has the rows. */
  readonly leader: () => Promise<string | undefined>;
  /** Called when no write is taken before anything is done. */
  readonly untaken?: () => void;
}

/**
 * Writes rows while something is done, and says what became of them; throws when some are lost. Resolves to whether
 * writes were taken before and are taken afterwards.
 */
export async function measureWrites(
  writer: Writer,
  { emit, leader, untaken }: Measuring,
  work: () => Promise<void>,
): Promise<{ readonly wereTaken: boolean; readonly areTaken: boolean }> {
  const wereTaken = await writer.takes();
  if (!wereTaken) untaken?.();
  let areTaken = false;
  try {
    await work();
    areTaken = await writer.takes();
  } finally {
    const report = await writer.stop(await leader());
    emit({ type: 'writes', ...report });
    // What went wrong before is what the user is told.
    if (areTaken) refuseLoss(report);
  }
  return { wereTaken, areTaken };
}

/** Throws when acknowledged rows are not there any more. */
function refuseLoss({ lost }: WriteReport): void {
  if (lost === 0) return;
  throw new UnhealthyError(`${lost} acknowledged rows are gone`, {
    hint: 'keep the former leader as it is, and compare: drover status',
  });
}

/** The longest time without an acknowledgement between a beginning and an end, in the unit of the times. */
export function longestGap(times: readonly number[], begin: number, end: number): number {
  const [gap] = times
    .concat(end)
    .reduce<[number, number]>(([longest, last], time) => [Math.max(longest, time - last), time], [0, begin]);
  return gap;
}
