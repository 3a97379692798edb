import type { Duplex } from 'node:stream';
import postgres from 'postgres';
import { messageOf } from '../core/errors.ts';
import type { OpenStream } from './stream.ts';

/** SQL as data. Text in it may hold placeholders of secrets, until it is sent. */
export interface SqlQuery {
  /** Where to look for the server: the first that fits answers. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** Only a server that takes writes fits. */
  readonly primary: boolean;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Run one after the other, in one transaction where there are several; the rows are the last one's. */
  readonly statements: readonly string[];
}

export type SqlRow = Readonly<Record<string, unknown>>;

export type SqlAnswer =
  | { answered: true; rows: readonly SqlRow[] }
  /** Nobody answered, or PostgreSQL refused; then with its SQLSTATE. */
  | { answered: false; reason: string; code?: string };

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
    if (last.answered || last.code !== undefined) return last;
  }
  return last;
}

async function runAt(
  address: string,
  query: SqlQuery,
  openStream: OpenStream,
  { timeout }: SqlOptions,
): Promise<SqlAnswer> {
  const { database, user, password, port, primary, statements } = query;
  let stream: Duplex | undefined;
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
      stream = await openStream(address, port);
      return stream;
    },
  };
  const sql = postgres(options as postgres.Options<Record<string, never>>);
  try {
    if (primary) {
      const [row] = await sql.unsafe<{ standby: boolean }[]>('SELECT pg_is_in_recovery() AS standby');
      if (row?.standby !== false) return { answered: false, reason: `${address} is a standby` };
    }
    const rows = await sql.begin(async (transaction) => {
      let last: SqlRow[] = [];
      for (const statement of statements) last = [...(await transaction.unsafe<SqlRow[]>(statement))];
      return last;
    });
    return { answered: true, rows };
  } catch (error) {
    const reason = `${address}: ${messageOf(error)}`;
    return error instanceof postgres.PostgresError
      ? { answered: false, reason, code: error.code }
      : { answered: false, reason };
  } finally {
    // The library would wait for the server's side of the channel to close.
    stream?.destroy();
    await sql.end({ timeout: 0 }).catch(() => undefined);
  }
}
