import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import postgres from 'postgres';

/** Milliseconds between two statements: 20 a second. */
const interval = 50;

/** What became of a client's statements. */
export interface ClientReport {
  readonly acknowledged: readonly number[];
  readonly errors: readonly string[];
  /** Seconds between two answers, at the longest. */
  readonly gap: number;
}

/** One of the passwords that drover has made. */
export function secretOf(inventory: string, name: string): string {
  const text = readFileSync(join(dirname(inventory), 'secrets.yml'), 'utf8');
  const [, value] = new RegExp(`^${name}: ["']?(.*?)["']?$`, 'm').exec(text) ?? [];
  if (value === undefined) throw new Error(`no ${name} in secrets.yml`);
  return value;
}

/** Connections to one of HAProxy's ports, as a client's pool makes them. */
export function connect(address: string, port: number, password: string): postgres.Sql {
  return postgres({
    host: address,
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    max: 1,
    connect_timeout: 2,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { statement_timeout: 2000 },
  });
}

/** Sends statements for as long as it runs; after an error it takes a new connection. */
export class Client {
  readonly #connect: () => postgres.Sql;
  readonly #statement: (n: number) => string;
  readonly #loop: Promise<void>;
  readonly #acknowledged: number[] = [];
  readonly #times: number[] = [];
  readonly #errors: string[] = [];
  #stopped = false;

  constructor(connectTo: () => postgres.Sql, statement: (n: number) => string) {
    this.#connect = connectTo;
    this.#statement = statement;
    this.#loop = this.#run();
  }

  /** Resolves once a statement was answered. */
  async works(): Promise<void> {
    const before = this.#acknowledged.length;
    while (this.#acknowledged.length === before) await delay(interval);
  }

  async stop(): Promise<ClientReport> {
    this.#stopped = true;
    await this.#loop;
    const gaps = this.#times.slice(1).map((time, index) => time - (this.#times[index] ?? time));
    return {
      acknowledged: this.#acknowledged,
      errors: this.#errors,
      gap: Math.round(Math.max(0, ...gaps)) / 1000,
    };
  }

  async #run(): Promise<void> {
    let sql = this.#connect();
    for (let n = 1; !this.#stopped; n++) {
      const began = performance.now();
      try {
        // A connection on which nothing comes back is as good as lost.
        await Promise.race([
          sql.unsafe(this.#statement(n)),
          delay(3000, undefined, { ref: false }).then(() => {
            throw new Error('no answer');
          }),
        ]);
        this.#acknowledged.push(n);
        this.#times.push(performance.now());
      } catch (error) {
        this.#errors.push(error instanceof Error ? error.message : String(error));
        await sql.end({ timeout: 0 }).catch(() => undefined);
        sql = this.#connect();
      }
      await delay(Math.max(0, began + interval - performance.now()));
    }
    await sql.end({ timeout: 0 }).catch(() => undefined);
  }
}
