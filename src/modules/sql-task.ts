import * as z from 'zod';
import type { SqlQuery } from '../clients/sql.ts';

/** Where and as whom SQL is run. */
export const sqlParams = {
  addresses: z
    .array(z.string())
    .min(1)
    .describe('Addresses of the cluster’s servers: the one that takes writes is used.'),
  port: z.int().default(5432).describe('Port of PostgreSQL.'),
  login_user: z.string().describe('Role to log in as.'),
  login_password: z.string().describe('That role’s password.'),
};

export const SqlLogin = z.strictObject({ ...sqlParams, database: z.string() });
export type SqlLogin = z.infer<typeof SqlLogin>;

/** Statements for the server that takes writes. */
export function onPrimary(login: SqlLogin, ...statements: readonly string[]): SqlQuery {
  const { addresses, port, login_user: user, login_password: password, database } = login;
  return { addresses, port, primary: true, database, user, password, statements };
}

/** A text as an SQL literal. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
