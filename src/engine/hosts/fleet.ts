// The hosts of a run: connections, locks, and what is known of each. What is to be done on them is not known here.
import { sendHttp, type HttpAnswer, type HttpRequest } from '../../clients/http.ts';
import { runSql, SqlConnection, type SqlAnswer, type SqlLogin, type SqlQuery } from '../../clients/sql.ts';
import { messageOf, UnreachableError } from '../../core/errors.ts';
import { patiently } from '../../core/patience.ts';
import type { Vault } from '../../core/secrets.ts';
import { apiRecords, isApiKind } from '../../facts/api.ts';
import { identify, unreachableRecords, type Need } from '../../facts/need.ts';
import type { BecomeMethod } from '../../shell/become.ts';
import { requireDescriptors } from '../../transport/descriptors.ts';
import type { Emit } from '../events.ts';
import { HostRun, type Connection } from './host-run.ts';

/** Seconds an API may take to answer one request. */
const apiTimeout = 10;

/** A need with the host whose task has it. */
export interface HostNeed {
  readonly host: string;
  readonly need: Need<unknown>;
}

export interface FleetOptions {
  readonly connect: (host: string) => Promise<Connection>;
  readonly vault: Vault;
  readonly emit: Emit;
  /** How a host's tasks become root. */
  readonly becomeMethod: (host: string) => BecomeMethod;
  /** Whether a host's facts are collected as root. */
  readonly needsRoot: (host: string) => boolean;
  /** Interrupts waits for hosts that do not answer. */
  readonly signal?: AbortSignal;
  /** Throws when the run is to stop. */
  readonly checkpoint?: () => void;
}

/** The hosts of a run, connected to as they are needed. */
export class Fleet {
  readonly vault: Vault;
  readonly unreachable = new Map<string, UnreachableError>();
  /** Counts the run's changes and waits: facts of other hosts and of APIs are as old as the count they were read at. */
  epoch = 0;
  readonly #options: FleetOptions;
  readonly #hosts = new Map<string, Promise<HostRun | undefined>>();
  readonly #runs = new Map<string, HostRun>();
  readonly #readAt = new Map<string, number>();

  constructor(options: FleetOptions) {
    this.#options = options;
    this.vault = options.vault;
  }

  /** Connects to hosts, all at once; those that fail are in `unreachable`. */
  async connect(hosts: Iterable<string>): Promise<void> {
    const names = [...hosts];
    requireDescriptors(names.length);
    const connecting = Promise.all(names.map((host) => this.#host(host)));
    await patiently(connecting, this.#options.signal);
  }

  /** A connected host. */
  get(host: string): HostRun {
    const run = this.#runs.get(host);
    if (!run) throw this.unreachable.get(host) ?? new UnreachableError(`${host} is not connected`);
    return run;
  }

  has(host: string): boolean {
    return this.#runs.has(host);
  }

  connected(): HostRun[] {
    return [...this.#runs.values()].filter(({ name }) => !this.unreachable.has(name));
  }

  #host(name: string): Promise<HostRun | undefined> {
    let opening = this.#hosts.get(name);
    if (!opening) {
      opening = this.#open(name);
      this.#hosts.set(name, opening);
    }
    return opening;
  }

  async #open(name: string): Promise<HostRun | undefined> {
    const { connect, vault, emit, becomeMethod } = this.#options;
    try {
      const run = new HostRun(name, await connect(name), vault, becomeMethod(name));
      this.#runs.set(name, run);
      emit({ type: 'host', host: name, state: 'connected' });
      return run;
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      if (!this.#options.signal?.aborted) this.lose(name, error);
      return undefined;
    }
  }

  /** Takes a host out of the run, and says so once. */
  lose(name: string, error: UnreachableError): void {
    if (this.unreachable.has(name)) return;
    this.unreachable.set(name, error);
    const { message, hint } = error;
    this.#options.emit({
      type: 'host',
      host: name,
      state: 'unreachable',
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  /** Records of a need on its host; for an unreachable host, the record that says so. */
  recordsOf(need: Need<unknown>, host: string) {
    const gone = this.unreachable.get(need.host ?? host);
    if (gone) return unreachableRecords(gone.message);
    return this.#runs.get(need.host ?? host)?.world.lastRecords(need);
  }

  /** Takes note that something was changed on hosts: what was read before is nothing to plan from. */
  changed(...names: readonly string[]): void {
    this.epoch++;
    for (const name of names) this.get(name).world.outdate();
  }

  /**
   * Gathers facts of a host, as root where one of its tasks is root's: to the login user, what that one is about may
   * look as if it were not there.
   */
  async collect(
    host: HostRun,
    needs: readonly Need<unknown>[],
    become = this.#options.needsRoot(host.name),
  ): Promise<void> {
    const { signal, checkpoint } = this.#options;
    const collecting = host.collect(needs, become);
    if (await patiently(collecting, signal)) return;
    collecting.catch(() => undefined);
    host.abandon();
    checkpoint?.();
  }

  /** Whether a piece of a task runs in the shell in which its host's facts are gathered. */
  gathersIn(host: HostRun, become: boolean): boolean {
    return host.isRoot(become) === host.isRoot(this.#options.needsRoot(host.name));
  }

  /** Forgets what was collected of all hosts. */
  forget(): void {
    this.epoch++;
    for (const { world } of this.connected()) world.clear();
  }

  /** Whether an answer of another host or of an API was read since the run's last change or wait. */
  isFresh(need: Need<unknown>, host: string): boolean {
    return this.#readAt.get(`${need.host ?? host}\t${identify(need)}`) === this.epoch;
  }

  /** Reads facts of other hosts and of APIs, each once, all at once. */
  async readRemote(needs: readonly HostNeed[]): Promise<void> {
    const asked = new Map(
      needs.map(({ need, host }) => [
        `${need.host ?? host}\t${identify(need)}`,
        { need, at: need.host ?? host },
      ]),
    );
    const byHost = new Map<string, Need<unknown>[]>();
    for (const [key, { need, at }] of asked) {
      this.#readAt.set(key, this.epoch);
      byHost.set(at, [...(byHost.get(at) ?? []), need]);
    }
    await Promise.all(
      [...byHost].map(async ([name, own]) => {
        const host = await this.#host(name);
        if (!host) return;
        const scripts = own.filter((need) => !isApiKind(need.kind));
        await Promise.all([
          ...own.filter(({ kind }) => kind === 'http').map((need) => this.#readHttp(host, need)),
          ...byPlace(own).map((needs) => this.#readSql(host, needs)),
          ...(scripts.length === 0 ? [] : [this.collect(host, scripts)]),
        ]);
      }),
    );
  }

  async #readHttp(host: HostRun, need: Need<unknown>): Promise<void> {
    learn(host, need, await this.http(host, JSON.parse(need.key) as HttpRequest));
  }

  /** Queries for one place go with one login. */
  async #readSql(host: HostRun, needs: readonly Need<unknown>[]): Promise<void> {
    const answers = await this.#sql(
      host,
      needs.map(({ key }) => JSON.parse(key) as SqlQuery),
      apiTimeout,
    );
    needs.forEach((need, index) => answers[index] && learn(host, need, answers[index]));
  }

  /** Sends a request from a host, secrets put in. `answerWithin` is in seconds. */
  async http(host: HostRun, request: HttpRequest, answerWithin = apiTimeout) {
    host.apiCalls++;
    const reveal = (text: string) => this.vault.reveal(text);
    const { body, user, password } = request;
    return sendHttp(
      {
        ...request,
        ...(body === undefined ? {} : { body: reveal(body) }),
        ...(user === undefined ? {} : { user: reveal(user) }),
        ...(password === undefined ? {} : { password: reveal(password) }),
      },
      (address, port) => host.connection.openStream(address, port),
      { timeout: answerWithin * 1000 },
    );
  }

  /** Runs SQL from a host, secrets put in. `answerWithin` is in seconds, for each statement. */
  async sql(host: HostRun, query: SqlQuery, answerWithin = apiTimeout): Promise<SqlAnswer> {
    const [answer] = await this.#sql(host, [query], answerWithin);
    return answer ?? { answered: false, reason: 'not asked' };
  }

  async #sql(host: HostRun, queries: readonly SqlQuery[], answerWithin: number): Promise<SqlAnswer[]> {
    const [place] = queries;
    if (!place) return [];
    host.apiCalls++;
    const reveal = (text: string) => this.vault.reveal(text);
    return runSql(
      { ...place, password: reveal(place.password) },
      queries.map(({ statements }) => statements.map(reveal)),
      (address, port) => host.connection.openStream(address, port),
      { timeout: answerWithin * 1000 },
    );
  }

  /** Opens a connection to PostgreSQL that is kept, secrets put in. */
  connectSql(host: HostRun, address: string, login: SqlLogin, timeout: number): SqlConnection {
    host.apiCalls++;
    return new SqlConnection(
      address,
      { ...login, password: this.vault.reveal(login.password) },
      (to, port) => host.connection.openStream(to, port),
      { timeout },
    );
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#runs.values()].map((host) =>
        host.close().catch((error: unknown) => {
          this.#options.emit({ type: 'warning', message: `${host.name}: ${messageOf(error)}` });
        }),
      ),
    );
  }
}

function learn({ world }: HostRun, need: Need<unknown>, answer: HttpAnswer | SqlAnswer): void {
  world.learn(new Map([[identify(need), apiRecords(answer)]]));
}

/** Needs that are answered over one login to PostgreSQL. */
function byPlace(needs: readonly Need<unknown>[]): Need<unknown>[][] {
  const places = new Map<string, Need<unknown>[]>();
  for (const need of needs.filter(({ kind }) => kind === 'sql')) {
    const { statements: _, ...place } = JSON.parse(need.key) as SqlQuery;
    const key = JSON.stringify(place);
    places.set(key, [...(places.get(key) ?? []), need]);
  }
  return [...places.values()];
}
