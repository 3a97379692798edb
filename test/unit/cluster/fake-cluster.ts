import type { HttpAnswer, HttpRequest } from '../../../src/clients/http.ts';
import type { SqlAnswer, SqlQuery } from '../../../src/clients/sql.ts';
import { Control } from '../../../src/cluster/control.ts';
import type { ClusterView } from '../../../src/cluster/view.ts';
import { UnreachableError } from '../../../src/core/errors.ts';
import { Vault } from '../../../src/core/secrets.ts';
import type { RunEvent } from '../../../src/engine/events.ts';
import { Fleet } from '../../../src/engine/hosts/fleet.ts';
import { HostRun } from '../../../src/engine/hosts/host-run.ts';
import type { Journal } from '../../../src/engine/journal/journal.ts';
import type { PieceResult } from '../../../src/transport/session.ts';
import type { Target } from '../../../src/transport/target.ts';
import { topology, view } from './support.ts';

export function answer(status: number, body = ''): HttpAnswer {
  return { answered: true, status, body };
}

export const silence: HttpAnswer = { answered: false, reason: 'timed out' };

const succeeded: PieceResult = { status: 0, stdout: '', stderr: '', timedOut: false };

/** A host that runs no script: it notes it, and gives the result that the test asks for. */
class FakeHost extends HostRun {
  readonly #perform: (script: string) => PieceResult;

  constructor(name: string, perform: (script: string) => PieceResult) {
    const refuse = () => Promise.reject(new Error(`${name} is a fake`));
    const target = { name, address: name, port: 22, user: 'root' } as Target;
    super(name, { hostKey: name, target, openCommand: refuse, openStream: refuse }, new Vault());
    this.#perform = perform;
  }

  override send(script: string): Promise<PieceResult & { nonce: string }> {
    return Promise.resolve({ ...this.#perform(script), nonce: '' });
  }
}

class FakeFleet extends Fleet {
  readonly #cluster: FakeCluster;
  readonly #fakes = new Map<string, FakeHost>();

  constructor(cluster: FakeCluster) {
    super({
      connect: () => Promise.reject(new UnreachableError('nobody is there')),
      vault: new Vault(),
      emit: () => undefined,
      needsRoot: () => true,
    });
    this.#cluster = cluster;
  }

  override has(name: string): boolean {
    return !this.#cluster.unreachable.has(name);
  }

  override get(name: string): HostRun {
    if (!this.has(name)) throw new UnreachableError(`${name} is not connected`);
    const known = this.#fakes.get(name);
    if (known) return known;
    const host = new FakeHost(name, (script) => this.#cluster.perform(name, script));
    this.#fakes.set(name, host);
    return host;
  }

  override http(host: HostRun, request: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve) => {
      resolve(this.#cluster.receive(host.name, request));
    });
  }

  override sql(host: HostRun, query: SqlQuery): Promise<SqlAnswer> {
    return Promise.resolve(this.#cluster.query(host.name, query.statements[0] ?? ''));
  }
}

/** A control that sees the cluster as the test says it is. */
class FakeControl extends Control {
  readonly #cluster: FakeCluster;

  constructor(cluster: FakeCluster, signal: AbortSignal, journal: Journal | undefined) {
    super({
      fleet: new FakeFleet(cluster),
      topology,
      emit: (event) => cluster.events.push(event),
      signal,
      clock: cluster.clock,
      ...(journal ? { journal } : {}),
    });
    this.#cluster = cluster;
  }

  override look(): Promise<ClusterView> {
    return Promise.resolve(this.#cluster.current());
  }
}

/** A cluster that changes when the test says so, on a clock that waits for nobody. */
export class FakeCluster {
  /** Requests that hosts were to send: `node1 POST /switchover {…}`. */
  readonly requests: string[] = [];
  /** Scripts that hosts were to run: `node1: systemctl …`. */
  readonly scripts: string[] = [];
  readonly events: RunEvent[] = [];
  readonly unreachable = new Set<string>();
  readonly control: Control;
  seconds = 0;
  view: ClusterView;
  /** What an API answers. */
  respond: (host: string, request: HttpRequest) => HttpAnswer = () => answer(200);
  /** What a script does. */
  execute: (host: string, script: string) => PieceResult = () => succeeded;
  /** Whether PostgreSQL agrees with the roles; rows for other questions. */
  rows: (host: string, statement: string) => SqlAnswer | undefined = () => undefined;
  readonly clock = {
    now: () => this.seconds * 1000,
    sleep: (milliseconds: number) => {
      this.seconds += milliseconds / 1000;
      return Promise.resolve();
    },
  };
  #later: { at: number; view: ClusterView }[] = [];

  constructor(
    start: ClusterView = view(),
    { signal = new AbortController().signal, journal }: { signal?: AbortSignal; journal?: Journal } = {},
  ) {
    this.view = start;
    this.control = new FakeControl(this, signal, journal);
  }

  /** Has the cluster become another one, so many seconds from now. */
  becomes(next: ClusterView, inSeconds = 0): void {
    this.#later.push({ at: this.seconds + inSeconds, view: next });
  }

  current(): ClusterView {
    for (const due of this.#later.filter(({ at }) => at <= this.seconds)) this.view = due.view;
    this.#later = this.#later.filter(({ at }) => at > this.seconds);
    return this.view;
  }

  receive(host: string, request: HttpRequest): HttpAnswer {
    const { method, path, body = '' } = request;
    this.requests.push(`${host} ${method} ${path} ${body}`.trim());
    return this.respond(host, request);
  }

  perform(host: string, script: string): PieceResult {
    this.scripts.push(`${host}: ${script}`);
    return this.execute(host, script);
  }

  query(host: string, statement: string): SqlAnswer {
    const own = this.rows(host, statement);
    if (own) return own;
    return { answered: true, rows: [{ standby: host !== this.view.leader, bytes: 0, slots: 0 }] };
  }

  /** The steps as they were reported: `begun …`, `done …`. */
  steps(): string[] {
    return this.events.flatMap((event) => (event.type === 'step' ? [`${event.state} ${event.step}`] : []));
  }
}
