import { setTimeout as delay } from 'node:timers/promises';
import postgres from 'postgres';
import { messageOf } from '../core/errors.ts';
import { SteadySocket } from './sql-socket.ts';
import type { OpenStream } from './stream.ts';

/** As whom to log in where. The password may be a placeholder, until it is sent. */
export interface SqlLogin {
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** SQL as data. Text in it may hold placeholders of secrets, until it is sent. */
export interface SqlQuery extends SqlLogin {
  /** Where to look for the server: the first that fits answers. */
  readonly addresses: readonly string[];
  /** Only a server that takes writes fits. */
  readonly primary: boolean;
  /** Run one after the other, in one transaction where there are several; the rows are the last one's. */
  readonly statements: readonly string[];
}

export type SqlRow = Readonly<Record<string, unknown>>;

export type SqlAnswer =
  | { answered: true; rows: readonly SqlRow[] }
  /** Nobody answered, or PostgreSQL refused; then with its SQLSTATE. */
  | { answered: false; reason: string; code?: string };

/** Whether an SQLSTATE is that of a server that starts or stops: 57P01 to 57P03 (PostgreSQL's appendix A). */
export function isComingOrGoing(code: string): boolean {
  return ['57P01', '57P02', '57P03'].includes(code);
}

interface SqlOptions {
  /** Milliseconds for connecting and for each statement. */
  readonly timeout: number;
}

/** Runs the statements on the first server that fits. Never throws: an error is an answer. */
export async function runSql(
  query: SqlQuery,
  openStream: OpenStream,
  options: SqlOptions,
): Promise<SqlAnswer> {
  let last: SqlAnswer = { answered: false, reason: 'no address to ask' };
  for (const address of query.addresses) {
    last = await runAt(address, query, openStream, options);
    if (last.answered || (last.code !== undefined && !isComingOrGoing(last.code))) return last;
  }
  return last;
}

async function runAt(
  address: string,
  query: SqlQuery,
  openStream: OpenStream,
  options: SqlOptions,
): Promise<SqlAnswer> {
  const { primary, statements } = query;
  const { sql, close } = connect(address, query, openStream, options);
  try {
    if (primary) {
      const [row] = await sql.unsafe<{ standby: boolean }[]>('SELECT pg_is_in_recovery() AS standby');
      if (row?.standby !== false) return { answered: false, reason: `${address} is a standby` };
    }
    const [only] = statements;
    if (only !== undefined && statements.length === 1)
      return { answered: true, rows: [...(await sql.unsafe<SqlRow[]>(only))] };
    const rows = await sql.begin(async (transaction) => {
      let last: SqlRow[] = [];
      for (const statement of statements) last = [...(await transaction.unsafe<SqlRow[]>(statement))];
      return last;
    });
    return { answered: true, rows };
  } catch (error) {
    return refusedBy(address, error);
  } finally {
    await close();
  }
}

/** One connection that is kept for statement after statement. It opens with the first; after an error it is spent. */
export class SqlConnection {
  readonly #address: string;
  readonly #timeout: number;
  readonly #sql: postgres.Sql;
  readonly #close: () => Promise<void>;
  #spent: SqlAnswer | undefined;

  constructor(address: string, login: SqlLogin, openStream: OpenStream, options: SqlOptions) {
    this.#address = address;
    this.#timeout = options.timeout;
    const { sql, close } = connect(address, login, openStream, options);
    this.#sql = sql;
    this.#close = close;
  }

  /** Never throws: an error, and silence beyond the time limit, is an answer. */
  async run(statement: string): Promise<SqlAnswer> {
    if (this.#spent) return this.#spent;
    const answer = await this.#ask(statement);
    // What PostgreSQL refuses leaves the connection as it is.
    if (!answer.answered && answer.code === undefined) this.#spent = answer;
    return answer;
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #ask(statement: string): Promise<SqlAnswer> {
    const silence = new AbortController();
    try {
      const query = this.#sql.unsafe<SqlRow[]>(statement);
      const rows = await Promise.race([query, this.#silence(silence.signal)]);
      if (rows) return { answered: true, rows };
      return { answered: false, reason: `${this.#address}: no answer within ${this.#timeout / 1000} s` };
    } catch (error) {
      return refusedBy(this.#address, error);
    } finally {
      silence.abort();
    }
  }

  #silence(signal: AbortSignal): Promise<undefined> {
    return delay(this.#timeout, undefined, { signal }).catch(() => undefined);
  }
}

function connect(address: string, login: SqlLogin, openStream: OpenStream, { timeout }: SqlOptions) {
  const { database, user, password, port } = login;
  let socket: SteadySocket | undefined;
  let isClosed = false;
  const options = {
    database,
    user,
    password,
    max: 1,
    prepare: false,
    fetch_types: false,
    connect_timeout: Math.ceil(timeout / 1000),
    connection: { application_name: 'drover', statement_timeout: timeout },
    onnotice: () => undefined,
    socket: async () => {
      socket = new SteadySocket(await openStream(address, port));
      if (!isClosed) return socket;
      socket.close();
      throw new Error('it opened when nobody waited for it any more');
    },
  };
  const sql = postgres(options as postgres.Options<Record<string, never>>);
  const close = async () => {
    isClosed = true;
    await sql.end({ timeout: 0 }).catch(() => undefined);
    socket?.close();
  };
  return { sql, close };
}

function refusedBy(address: string, error: unknown): SqlAnswer {
  const reason = `${address}: ${messageOf(error)}`;
  return error instanceof postgres.PostgresError
    ? { answered: false, reason, code: error.code }
    : { answered: false, reason };
}
