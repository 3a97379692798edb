import type { SqlAnswer, SqlQuery, SqlRow } from '../clients/sql.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import { reach, silence } from './ask.ts';
import type { Node, Topology } from './topology.ts';

/** Runs SQL as the probe role. A host that is gone is an answer too. */
export class Asker {
  readonly #fleet: Fleet;
  readonly #topology: Topology;

  constructor(fleet: Fleet, topology: Topology) {
    this.#fleet = fleet;
    this.#topology = topology;
  }

  /** From a host, at an address it can reach. */
  ask(host: string, address: string, port: number, ...statements: readonly string[]): Promise<SqlAnswer> {
    const { user, password } = this.#topology.probe;
    const query: SqlQuery = {
      addresses: [address],
      port,
      primary: false,
      database: 'postgres',
      user,
      password,
      statements,
    };
    return reach<SqlAnswer>(this.#fleet, host, (from) => this.#fleet.sql(from, query), silence);
  }

  node({ name, address }: Node, ...statements: readonly string[]): Promise<SqlAnswer> {
    return this.ask(name, address, this.#topology.ports.postgres, ...statements);
  }
}

export function firstRow(answer: SqlAnswer): SqlRow | undefined {
  return answer.answered ? answer.rows[0] : undefined;
}

/** Why there is no row. */
export function reasonOf(answer: SqlAnswer): string {
  return answer.answered ? 'no row' : answer.reason;
}
