import type { HttpAnswer, HttpRequest } from '../clients/http.ts';
import type { SqlAnswer, SqlQuery } from '../clients/sql.ts';
import { UnreachableError } from '../core/errors.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import type { HostRun } from '../engine/hosts/host-run.ts';

/** What work with a host comes to; that of a host which is gone, or was lost meanwhile, comes to what `gone` makes of why. */
export async function reach<T>(
  fleet: Fleet,
  host: string,
  work: (host: HostRun) => Promise<T>,
  gone: (reason: string) => T,
): Promise<T> {
  if (!fleet.has(host)) return gone(fleet.unreachable.get(host)?.message ?? 'not reachable');
  try {
    return await work(fleet.get(host));
  } catch (error) {
    if (error instanceof UnreachableError) return gone(error.message);
    throw error;
  }
}

/** An API, or a database, that is not reached is silent. */
export function silence(reason: string): { readonly answered: false; readonly reason: string } {
  return { answered: false, reason };
}

interface Output {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Asks hosts and their services. A host that cannot be reached is an answer, too. */
export class Ask {
  readonly #fleet: Fleet;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  reaches(host: string): boolean {
    return this.#fleet.has(host);
  }

  /** Sends a request from a host. `answerWithin` is in seconds. */
  http(host: string, request: HttpRequest, answerWithin?: number): Promise<HttpAnswer> {
    const work = (from: HostRun) => this.#fleet.http(from, request, answerWithin);
    return reach<HttpAnswer>(this.#fleet, host, work, silence);
  }

  /** Runs SQL from a host. */
  sql(host: string, query: SqlQuery): Promise<SqlAnswer> {
    return reach<SqlAnswer>(this.#fleet, host, (from) => this.#fleet.sql(from, query), silence);
  }

  /** Runs a script on a host as root. */
  run(host: string, script: string): Promise<Output> {
    const failed = (stderr: string): Output => ({ status: 1, stdout: '', stderr });
    return reach<Output>(this.#fleet, host, (on) => on.run(script, true), failed);
  }
}
