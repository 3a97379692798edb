import { setTimeout as delay } from 'node:timers/promises';
import postgres from 'postgres';
import { messageOf } from '../core/errors.ts';
import { UnprovenServerError, unprovenCode, wrongSignature } from './sql-login.ts';
import { SteadySocket } from './sql-socket.ts';
import type { OpenStream } from './stream.ts';

/** As whom to log in where. The password may be a placeholder, until it is sent. */
export interface SqlLogin {
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** As whom to log in, and where to look for the server: the first that fits answers. */
export interface SqlPlace extends SqlLogin {
  readonly addresses: readonly string[];
  /** Only a server that takes writes fits. */
  readonly primary: boolean;
}

/** Run one after the other, in one transaction where there are several; the rows are the last one's. */
type Statements = readonly string[];

/** SQL as data. Text in it may hold placeholders of secrets, until it is sent. */
export interface SqlQuery extends SqlPlace {
  readonly statements: Statements;
}

export type SqlRow = Readonly<Record<string, unknown>>;

export type SqlAnswer =
  | { answered: true; rows: readonly SqlRow[] }
  /** Nobody answered, or PostgreSQL refused; then with its SQLSTATE. A stranger's is `unprovenCode`. */
  | { answered: false; reason: string; code?: string };

/** Whether an SQLSTATE is that of a server that starts or stops: 57P01 to 57P03 (PostgreSQL's appendix A). */
export function isComingOrGoing(code: string): boolean {
  return ['57P01', '57P02', '57P03'].includes(code);
}

interface SqlOptions {
  /** Milliseconds for connecting and for each statement. */
  readonly timeout: number;
}

/**
 * Runs queries for one place, on the first server that fits, with one login. Never throws: an error is the answer to
 * its query.
 */
export async function runSql(
  place: SqlPlace,
  queries: readonly Statements[],
  openStream: OpenStream,
  options: SqlOptions,
): Promise<SqlAnswer[]> {
  const answers = queries.map((): SqlAnswer => ({ answered: false, reason: 'no address to ask' }));
  for (const address of place.addresses) {
    const open = [...answers.keys()].filter((index) => !isFinal(answers[index]));
    if (open.length === 0) break;
    const asked = open.map((index) => queries[index] ?? []);
    const found = await runAt(address, place, asked, openStream, options);
    found.forEach((answer, position) => (answers[open[position] ?? 0] = answer));
  }
  return answers;
}

/** Whether another server need not be asked. */
function isFinal(answer: SqlAnswer | undefined): boolean {
  return answer?.answered === true || (answer?.code !== undefined && !isComingOrGoing(answer.code));
}

async function runAt(
  address: string,
  place: SqlPlace,
  queries: readonly Statements[],
  openStream: OpenStream,
  options: SqlOptions,
): Promise<SqlAnswer[]> {
  const { sql, close } = connect(address, place, openStream, options);
  // Once PostgreSQL lets nobody in or is gone, asking on would be another try to log in.
  let end: SqlAnswer | undefined;
  const ask = async (statements: Statements): Promise<SqlAnswer> => {
    if (end) return end;
    // PostgreSQL ends a statement by itself, but no COMMIT that waits for a standby, and none once it is cut off.
    const seconds = ((statements.length + 1) * options.timeout) / 1000;
    const silence = new AbortController();
    try {
      const given = delay(seconds * 1000, undefined, { signal: silence.signal }).catch(() => undefined);
      const answer = await Promise.race([runStatements(sql, statements), given]);
      // Asked again it would wait behind the first.
      return answer ?? (end = { answered: false, reason: `${address}: no answer within ${seconds} s` });
    } catch (error) {
      const answer = refusedBy(address, error);
      // What is no more than an error leaves the connection as it is.
      if (!(error instanceof postgres.PostgresError && error.severity === 'ERROR')) end = answer;
      return answer;
    } finally {
      silence.abort();
    }
  };
  try {
    if (place.primary) {
      const found = await ask(['SELECT pg_is_in_recovery() AS standby']);
      if (!found.answered) return queries.map(() => found);
      if (found.rows[0]?.['standby'] !== false)
        return queries.map(() => ({ answered: false, reason: `${address} is a standby` }));
    }
    const answers: SqlAnswer[] = [];
    for (const statements of queries) answers.push(await ask(statements));
    return answers;
  } finally {
    await close();
  }
}

async function runStatements(sql: postgres.Sql, statements: Statements): Promise<SqlAnswer> {
  const [only] = statements;
  if (only !== undefined && statements.length === 1)
    return { answered: true, rows: [...(await sql.unsafe<SqlRow[]>(only))] };
  const rows = await sql.begin(async (transaction) => {
    let last: SqlRow[] = [];
    for (const statement of statements) last = [...(await transaction.unsafe<SqlRow[]>(statement))];
    return last;
  });
  return { answered: true, rows };
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
    if (!answer.answered && (answer.code ?? unprovenCode) === unprovenCode) this.#spent = answer;
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
  const unproven = isWrongSignature(error) ? wrongSignature() : error;
  const reason = `${address}: ${messageOf(unproven)}`;
  if (unproven instanceof UnprovenServerError) return { answered: false, reason, code: unprovenCode };
  return error instanceof postgres.PostgresError
    ? { answered: false, reason, code: error.code }
    : { answered: false, reason };
}

function isWrongSignature(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SASL_SIGNATURE_MISMATCH';
}
