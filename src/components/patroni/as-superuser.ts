import type { SqlAnswer, SqlQuery } from '../../clients/sql.ts';
import type { Look } from '../look.ts';
import type { ClusterHost } from '../place.ts';
import type { PatroniSettings } from './settings.ts';

/** Asks one member's own PostgreSQL as the superuser, whether it leads or not. */
export function askAsSuperuser(
  { ask, settings }: Pick<Look<PatroniSettings>, 'ask' | 'settings'>,
  { name, address }: Pick<ClusterHost, 'name' | 'address'>,
  statements: SqlQuery['statements'],
): Promise<SqlAnswer> {
  const { user, password } = settings.superuser;
  const { postgresPort: port } = settings;
  return ask.sql(name, {
    addresses: [address],
    port,
    primary: false,
    database: 'postgres',
    user,
    password,
    statements,
  });
}
