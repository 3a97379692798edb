import type { HttpAnswer, HttpRequest } from '../../../src/clients/http.ts';
import type { SqlAnswer } from '../../../src/clients/sql.ts';
import { Control } from '../../../src/cluster/control.ts';
import type { ClusterView } from '../../../src/cluster/view.ts';
import type { RunEvent } from '../../../src/engine/events.ts';
import type { Journal } from '../../../src/engine/journal/journal.ts';
import type { PieceResult } from '../../../src/transport/session.ts';
import { FakeFleet } from '../fake-fleet.ts';
import { topology, view } from './support.ts';

export function answer(status: number, body = ''): HttpAnswer {
  return { answered: true, status, body };
}

export const silence: HttpAnswer = { answered: false, reason: 'timed out' };

const succeeded: PieceResult = { status: 0, stdout: '', stderr: '', timedOut: false };

/** A control that sees the cluster as the test says it is. */
class FakeControl extends Control {
  readonly #cluster: FakeCluster;

  constructor(cluster: FakeCluster, signal: AbortSignal, journal: Journal | undefined) {
    super({
      fleet: new FakeFleet({
        has: (name) => !cluster.unreachable.has(name),
        run: (host, script) => cluster.perform(host, script),
        http: (host, request) => cluster.receive(host, request),
        sql: (host, statement) => cluster.query(host, statement),
      }),
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
