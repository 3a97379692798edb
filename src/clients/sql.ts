import postgres from 'postgres';
import { messageOf } from '../core/errors.ts';
import type { OpenStream } from './stream.ts';

/** One SQL statement as data. Text in it may hold placeholders of secrets, until it is sent. */
export interface SqlQuery {
  readonly address: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly statement: string;
  readonly parameters?: readonly (string | number | boolean | null)[];
}

export type SqlRow = Readonly<Record<string, unknown>>;

export type SqlAnswer = { answered: true; rows: readonly SqlRow[] } | { answered: false; reason: string; code?: string };

interface SqlOptions {
  /** Milliseconds for connecting and for the statement, each. */
  readonly timeout: number;
}

/** Runs one statement over a connection of its own. Never throws: an error is an answer, with PostgreSQL's code. */
export async function runSql(query: SqlQuery, openStream: OpenStream, { timeout }: SqlOptions): Promise<SqlAnswer> {
  const sql = postgres({
    database: query.database,
    user: query.user,
    password: query.password,
    max: 1,
    prepare: false,
    fetch_types: false,
    connect_timeout: Math.ceil(timeout / 1000),
    connection: { application_name: 'drover', statement_timeout: timeout },
    onnotice: () => undefined,
    socket: () => openStream(query.address, query.port),
  } as postgres.Options<Record<string, never>>);
  try {
    const rows = await sql.unsafe<SqlRow[]>(query.statement, query.parameters ? [...query.parameters] : []);
    return { answered: true, rows: [...rows] };
  } catch (error) {
    const code = error instanceof postgres.PostgresError ? { code: error.code } : {};
    return { answered: false, reason: messageOf(error), ...code };
  } finally {
    await sql.end({ timeout: 1 }).catch(() => undefined);
  }
}
