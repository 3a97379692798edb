import { vi } from 'vitest';
import { Client, connect, secretOf, type ClientReport } from './client.ts';
import type { TestLab } from './harness.ts';

/** What clients saw while something was done to the cluster. */
export interface Witnessed<T> {
  readonly result: T;
  readonly writes: ClientReport;
  readonly reads: ClientReport;
  /** Acknowledged rows that are not there afterwards. */
  readonly lost: readonly number[];
}

/** A table that a client writes to through HAProxy, 20 rows a second, and that another one reads. */
export class Ledger {
  readonly #entry: string;
  readonly #password: string;
  #runs = 0;

  private constructor(entry: string, password: string) {
    this.#entry = entry;
    this.#password = password;
  }

  /** Makes the table; HAProxy sends nobody to a primary until it has seen one. */
  static async make(lab: TestLab, haproxy = 'HAProxy-demo'): Promise<Ledger> {
    const entry = (await lab.on(haproxy, 'hostname -I')).trim();
    const ledger = new Ledger(entry, secretOf(lab.inventory, 'postgres_superuser_password'));
    const sql = ledger.#connect(5000);
    try {
      await vi.waitFor(() => sql`CREATE TABLE IF NOT EXISTS ledger (run int, n int, PRIMARY KEY (run, n))`, {
        timeout: 30_000,
        interval: 200,
      });
    } finally {
      await sql.end({ timeout: 0 });
    }
    return ledger;
  }

  /** Does something while one client writes and one reads; the writer has to get through before and after it. */
  async during<T>(work: () => Promise<T>): Promise<Witnessed<T>> {
    const run = ++this.#runs;
    const writer = new Client(
      () => this.#connect(5000),
      (n) => `INSERT INTO ledger VALUES (${run}, ${n})`,
    );
    const reader = new Client(
      () => this.#connect(5001),
      () => 'SELECT count(*) FROM ledger',
    );
    const stop = () => Promise.all([writer.stop(), reader.stop()]);
    await writer.works();
    const result = await work().catch(async (error: unknown) => {
      await stop();
      throw error;
    });
    await writer.works();
    const [writes, reads] = await stop();
    const sql = this.#connect(5000);
    const rows = await sql<{ n: number }[]>`SELECT n FROM ledger WHERE run = ${run}`;
    await sql.end();
    const present = new Set(rows.map(({ n }) => n));
    return { result, writes, reads, lost: writes.acknowledged.filter((n) => !present.has(n)) };
  }

  #connect(port: number) {
    return connect(this.#entry, port, this.#password);
  }
}
