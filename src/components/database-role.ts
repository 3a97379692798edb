import type { SqlAnswer, SqlRow } from '../clients/sql.ts';
import type { Ask } from './ask.ts';
import type { ClusterHost } from './place.ts';

interface RoleLogin {
  readonly user: string;
  readonly password: string;
  /** Where the database's members listen. */
  readonly port: number;
}

/** Runs SQL as a role, such as the one that drover probes with. A host that is gone is an answer too. */
export class DatabaseRole {
  readonly #ask: Ask;
  readonly #login: RoleLogin;

  constructor(ask: Ask, login: RoleLogin) {
    this.#ask = ask;
    this.#login = login;
  }

  /** From a host, at an address it can reach. */
  at(host: string, address: string, port: number, ...statements: readonly string[]): Promise<SqlAnswer> {
    const { user, password } = this.#login;
    return this.#ask.sql(host, {
      addresses: [address],
      port,
      primary: false,
      database: 'postgres',
      user,
      password,
      statements,
    });
  }

  /** On a member of the database. */
  on(
    { name, address }: Pick<ClusterHost, 'name' | 'address'>,
    ...statements: readonly string[]
  ): Promise<SqlAnswer> {
    return this.at(name, address, this.#login.port, ...statements);
  }
}

export function firstRow(answer: SqlAnswer): SqlRow | undefined {
  return answer.answered ? answer.rows[0] : undefined;
}

/** Why there is no row. */
export function reasonOf(answer: SqlAnswer): string {
  return answer.answered ? 'no row' : answer.reason;
}
