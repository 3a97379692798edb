import type { HttpAnswer, HttpRequest } from '../../src/clients/http.ts';
import { SqlConnection, type SqlAnswer, type SqlLogin, type SqlQuery } from '../../src/clients/sql.ts';
import { UnreachableError } from '../../src/core/errors.ts';
import { Vault } from '../../src/core/secrets.ts';
import { Fleet } from '../../src/engine/hosts/fleet.ts';
import { HostRun } from '../../src/engine/hosts/host-run.ts';
import type { Need } from '../../src/facts/need.ts';
import type { PieceResult } from '../../src/transport/session.ts';
import type { Target } from '../../src/transport/target.ts';

/** What fake hosts and their APIs say; what a test does not expect is an error. */
export interface Said {
  /** Whether a host is connected; all are, unless the test says otherwise. */
  has?(host: string): boolean;
  run?(host: string, script: string): Partial<PieceResult>;
  http?(host: string, request: HttpRequest): HttpAnswer;
  sql?(host: string, statement: string, user: string): SqlAnswer;
}

/** A host that runs no script: the test says what comes of it. */
class FakeHost extends HostRun {
  readonly #said: Said;

  constructor(name: string, said: Said) {
    const refuse = () => Promise.reject(new Error(`${name} is a fake`));
    const target = { name, address: name, port: 22, user: 'root' } as Target;
    super(name, { hostKey: name, target, openCommand: refuse, openStream: refuse }, new Vault());
    this.#said = said;
  }

  override async send(script: string): Promise<PieceResult & { nonce: string }> {
    const result = await expected(this.#said.run?.(this.name, script), script);
    return { status: 0, stdout: '', stderr: '', timedOut: false, nonce: '', ...result };
  }
}

/** A connection to a PostgreSQL that is not there. */
class FakeSql extends SqlConnection {
  readonly #query: (statement: string) => SqlAnswer | undefined;

  constructor(address: string, login: SqlLogin, query: (statement: string) => SqlAnswer | undefined) {
    super(address, login, () => Promise.reject(new Error(`${address} is a fake`)), { timeout: 0 });
    this.#query = query;
  }

  override async run(statement: string): Promise<SqlAnswer> {
    return expected(this.#query(statement), statement);
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The hosts of a run, none of which is there: each says what the test wants. */
export class FakeFleet extends Fleet {
  readonly #said: Said;
  readonly #hosts = new Map<string, FakeHost>();

  constructor(said: Said = {}) {
    super({
      connect: () => Promise.reject(new UnreachableError('nobody is there')),
      vault: new Vault(),
      emit: () => undefined,
      becomeMethod: () => 'sudo',
      needsRoot: () => true,
    });
    this.#said = said;
  }

  override has(name: string): boolean {
    return this.#said.has?.(name) ?? true;
  }

  override get(name: string): HostRun {
    if (!this.has(name)) throw new UnreachableError(`${name} is not connected`);
    const host = this.#hosts.get(name) ?? new FakeHost(name, this.#said);
    this.#hosts.set(name, host);
    return host;
  }

  /** Those that were asked for so far. */
  override connected(): HostRun[] {
    return [...this.#hosts.values()];
  }

  override recordsOf(need: Need<unknown>, host: string) {
    return this.get(need.host ?? host).world.lastRecords(need);
  }

  override async http(host: HostRun, request: HttpRequest): Promise<HttpAnswer> {
    return expected(this.#said.http?.(host.name, request), request.path);
  }

  override async sql(host: HostRun, { user, statements: [statement = ''] }: SqlQuery): Promise<SqlAnswer> {
    return expected(this.#said.sql?.(host.name, statement, user), statement);
  }

  override connectSql(host: HostRun, address: string, login: SqlLogin): SqlConnection {
    return new FakeSql(address, login, (statement) => this.#said.sql?.(host.name, statement, login.user));
  }
}

function expected<T>(answer: T | undefined, question: string): Promise<T> {
  return answer === undefined
    ? Promise.reject(new Error(`not expected: ${question}`))
    : Promise.resolve(answer);
}
