import type { EtcdEndpoint } from '../clients/etcd.ts';
import type { HttpAnswer, HttpRequest } from '../clients/http.ts';
import type { PatroniCredentials, PatroniEndpoint } from '../clients/patroni/api.ts';
import { InterruptedError, TaskFailedError, UnhealthyError } from '../core/errors.ts';
import { maskBySound } from '../core/secrets.ts';
import { until, type Clock } from '../core/until.ts';
import type { Emit } from '../engine/events.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import type { HostRun } from '../engine/hosts/host-run.ts';
import type { Journal } from '../engine/journal/journal.ts';
import { Ask, reach, silence } from '../components/ask.ts';
import type { Component } from '../components/component.ts';
import { etcd } from '../components/etcd/index.ts';
import { patroni } from '../components/patroni/index.ts';
import type { DatabaseRole } from '../components/database-role.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Topology } from './topology.ts';
import { viewOf, type ClusterView } from './view.ts';

// Milliseconds between two looks at a cluster that is being waited for.
const pollInterval = 500;

interface ControlOptions {
  readonly fleet: Fleet;
  readonly topology: Topology;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  /** Where what is done is noted on the hosts. */
  readonly journal?: Journal;
}

/** What is still missing before something is true, after so many seconds; undefined once it is. */
export type Missing = (
  view: ClusterView,
  seconds: number,
) => string | undefined | Promise<string | undefined>;

/** A cluster that is being operated: looked at, told what to do, and waited for. */
export class Control {
  readonly fleet: Fleet;
  readonly topology: Topology;
  readonly emit: Emit;
  readonly ask: Ask;
  readonly sql: DatabaseRole;
  readonly #signal: AbortSignal;
  readonly #clock: Clock | undefined;
  readonly #journal: Journal | undefined;
  /** What is being done, for the journal. */
  #step = '';

  constructor({ fleet, topology, emit, signal, journal, clock }: ControlOptions) {
    this.fleet = fleet;
    this.topology = topology;
    this.emit = emit;
    this.ask = new Ask(fleet);
    this.sql = topology.probeRole(this.ask);
    this.#signal = signal;
    this.#clock = clock;
    this.#journal = journal;
  }

  async look(): Promise<ClusterView> {
    return viewOf(this.topology, await takeSnapshot(this.fleet, this.topology));
  }

  /** Where a member's REST API is. */
  restOf(name: string): PatroniEndpoint {
    const { restPort } = this.topology.of(patroni).settings;
    return { address: this.#addressOf(patroni, name), port: restPort };
  }

  /** Who may change something through it. */
  get restLogin(): PatroniCredentials {
    return this.topology.of(patroni).settings.rest;
  }

  etcdOf(name: string): EtcdEndpoint {
    const { clientPort } = this.topology.of(etcd).settings;
    return { address: this.#addressOf(etcd, name), port: clientPort };
  }

  /** Sends a request from a host, and notes an order there. Silence is an answer. `answerWithin` is in seconds. */
  async send(host: string, request: HttpRequest, answerWithin?: number): Promise<HttpAnswer> {
    this.checkpoint();
    const isOrder = !['GET', 'HEAD', 'OPTIONS'].includes(request.method);
    const work = () => this.ask.http(host, request, answerWithin);
    if (!isOrder) return work();
    const { method, address, port, path, body } = request;
    const order = {
      resource: `${method} http://${address}:${port}${path}`,
      ...(body === undefined ? {} : { detail: maskBySound(body) }),
    };
    return reach<HttpAnswer>(this.fleet, host, (on) => this.#noted(on, order, work, failureOf), silence);
  }

  /** Runs a script on a host as root, and notes it there. Throws when it fails. `within` is in seconds. */
  async run(name: string, what: string, script: string, within: number): Promise<void> {
    this.checkpoint();
    const host = this.fleet.get(name);
    const { status, stderr, timedOut } = await this.#noted(
      host,
      { resource: what },
      () => host.run(`set -e\n${script}`, true, { what, timeout: within * 1000 }),
      (result) => (result.status === 0 ? undefined : result.stderr),
    );
    if (timedOut) throw new TaskFailedError(`${name}: ${what}: not within ${within} s`);
    if (status !== 0) throw new TaskFailedError(`${name}: ${what}: ${stderr.trim() || `exit ${status}`}`);
  }

  async #noted<T>(
    host: HostRun,
    what: { readonly resource: string; readonly detail?: string },
    work: () => Promise<T>,
    failure: (result: T) => string | undefined,
  ): Promise<T> {
    const journal = this.#journal;
    if (!journal) return work();
    const intent = journal.intent({ task: this.#step, action: 'run', ...what });
    const problem = await journal.announce(host, [intent]);
    if (problem !== undefined) throw new TaskFailedError(`${host.name}: ${problem}`);
    const result = await work();
    journal.conclude(host, intent, failure(result));
    return result;
  }

  /** One step of the story: told when it begins, and how it ends. */
  async step<T>(step: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    this.#step = step;
    this.emit({ type: 'step', step, state: 'begun' });
    try {
      const result = await work();
      this.emit({ type: 'step', step, state: 'done', seconds: seconds() });
      return result;
    } catch (error) {
      this.emit({ type: 'step', step, state: 'failed', seconds: seconds() });
      throw error;
    }
  }

  /** Looks at the cluster until nothing is missing; past the bound, in seconds, what is missing is the error. */
  async until(step: string, bound: number, missing: Missing): Promise<ClusterView> {
    const waited = await until(
      async (_, seconds) => {
        const view = await this.look();
        const detail = await missing(view, seconds);
        return detail === undefined ? { done: view } : { missing: detail };
      },
      {
        within: bound,
        every: pollInterval,
        waiting: (detail) => this.emit({ type: 'step', step, state: 'waiting', detail }),
        signal: this.#signal,
        checkpoint: () => this.checkpoint(),
        clock: this.#clock,
      },
    );
    if ('done' in waited) return waited.done;
    throw new UnhealthyError(`${step}: not within ${Math.round(bound)} s: ${waited.missing}`, {
      hint: 'drover status and drover verify show how the cluster is now',
    });
  }

  /** Throws when the operation is to stop. */
  checkpoint(): void {
    if (!this.#signal.aborted) return;
    throw new InterruptedError('interrupted: what Patroni was told goes on, nothing more is done', {
      hint: 'drover status shows how the cluster is now',
    });
  }

  #addressOf(component: Component, name: string): string {
    const host = this.topology.hostsOf(component).find((other) => other.name === name);
    if (!host) throw new Error(`${name} is not in the group ${component.group}`);
    return host.address;
  }
}

/** Why an order was not taken; undefined when it was. */
function failureOf(answer: HttpAnswer): string | undefined {
  if (!answer.answered) return answer.reason;
  return answer.status < 300 ? undefined : `${answer.status}: ${answer.body}`;
}
