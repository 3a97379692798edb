import * as z from 'zod';
import { isComingOrGoing, type SqlAnswer, type SqlQuery } from '../clients/sql.ts';
import { unprovenCode } from '../clients/sql-login.ts';
import { refused, silent, type Verdict } from '../plan/change.ts';

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

export const SqlLoginParams = z.strictObject({ ...sqlParams, database: z.string() });
export type SqlLoginParams = z.infer<typeof SqlLoginParams>;

/** Statements for the server that takes writes. */
export function onPrimary(login: SqlLoginParams, ...statements: readonly string[]): SqlQuery {
  const { addresses, port, login_user: user, login_password: password, database } = login;
  return { addresses, port, primary: true, database, user, password, statements };
}

/** What to make of a server that gives no rows. */
export function unanswered(
  { reason, code }: Extract<SqlAnswer, { answered: false }>,
  hint: string,
): Verdict<never> {
  // A host that is to join: the servers let it in once their pg_hba.conf names it, which the plays before see to.
  const isShutOut = code === '28000' && reason.includes('pg_hba.conf');
  if (code === undefined || isShutOut || isComingOrGoing(code)) return silent(reason);
  if (code === unprovenCode) return refused(reason, 'see who listens there (ss -ltnp), and pg_hba.conf');
  return refused(reason, hint);
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

/** Where a member's own server listens, primary or not. */
export const ownSqlParams = {
  address: z.string().describe('Address of the server on this host.'),
  port: sqlParams.port,
  login_user: z.string().describe('A superuser: nobody else may look into the files.'),
  login_password: sqlParams.login_password,
};
type OwnSql = { readonly [Name in keyof typeof ownSqlParams]: z.infer<(typeof ownSqlParams)[Name]> };

/** Statements for one server, primary or not. */
export function onOwn(
  { address, port, login_user: user, login_password: password }: OwnSql,
  ...statements: readonly string[]
): SqlQuery {
  return { addresses: [address], port, primary: false, database: 'postgres', user, password, statements };
}
