import type { Play } from '../../config/playbook/model.ts';
import { UnreachableError } from '../../core/errors.ts';
import { inTurns } from '../../core/in-turns.ts';
import { until, type Clock } from '../../core/until.ts';
import { isApiKind } from '../../facts/api.ts';
import { needHost } from '../../facts/host.ts';
import type { Need } from '../../facts/need.ts';
import type { FactsCache } from '../hosts/facts-cache.ts';
import type { HostRun } from '../hosts/host-run.ts';
import { askAgainEvery, silenceWithin } from '../tasks/judge.ts';
import { Plan } from './plan.ts';
import type { HostNeed } from '../hosts/fleet.ts';
import { batchesOf } from './batches.ts';
import { BatchWalk } from '../tasks/batch-walk.ts';
import type { PlayHosts, RunContext } from '../run-context.ts';
import { tripEvent } from '../tasks/shown-events.ts';
import { HostFailed } from '../tasks/outcome.ts';

/** Collects facts of the hosts, and compares them with what the plays ask for. */
export class Planner {
  readonly #run: RunContext;
  readonly #cache: FactsCache;

  constructor(run: RunContext, cache: FactsCache) {
    this.#run = run;
    this.#cache = cache;
  }

  /** Reads the hosts' own facts, for those who need no plan. */
  async collectFacts(): Promise<void> {
    await this.#collect(this.#run.fleet.connected().map((host) => ({ host: host.name, need: needHost })));
  }

  /** Collects what the tasks need and compares, until nothing is left to be collected. */
  async collectAndPlan(): Promise<Plan> {
    this.#run.options.emit({ type: 'phase', phase: 'collect' });
    return this.#collectAll();
  }

  #collectAll(): Promise<Plan> {
    const hostFacts = this.#run.fleet
      .connected()
      .map((host): HostNeed => ({ host: host.name, need: needHost }));
    return this.#complete([...(this.#run.options.needsBeside?.() ?? []), ...hostFacts]);
  }

  /** Plans anew while something is silent that may be about to answer; what is still silent then has failed. */
  async comeToRest(plan: Plan, clock?: Clock): Promise<Plan> {
    const { fleet, context, options } = this.#run;
    if (!plan.silence) return plan;
    const { host, name, task } = plan.silence.instance;
    const reason = task.noLog ? `"${name}" has no answer` : context.redact(plan.silence.reason);
    options.emit({
      type: 'warning',
      message: `${host}: ${reason}; waiting for up to ${silenceWithin} s for it`,
    });
    let current = plan;
    const { seconds } = await until(
      async (looks) => {
        // Other answers may have changed as well.
        if (looks > 1) {
          fleet.forget();
          current = await this.#collectAll();
        }
        return current.silence ? { missing: current.silence.reason } : { done: true };
      },
      {
        within: silenceWithin,
        every: askAgainEvery,
        signal: options.signal,
        checkpoint: () => this.#run.checkpoint(),
        clock,
      },
    );
    options.emit({ type: 'wait', host, what: name, seconds });
    return current;
  }

  /** Plans and collects in turns; `beside` goes with what is collected first. */
  async #complete(beside: readonly HostNeed[] = []): Promise<Plan> {
    let plan = await this.#planOnce();
    let missing = [...plan.missing, ...beside];
    while (missing.length > 0) {
      this.#run.checkpoint();
      await this.#collect(missing);
      this.#run.options.inspect?.(this.#run.fleet);
      plan = await this.#planOnce();
      missing = plan.missing;
    }
    return plan;
  }

  async #collect(missing: readonly HostNeed[]): Promise<void> {
    const isLocal = ({ need, host }: HostNeed) =>
      !isApiKind(need.kind) && (need.host ?? host) === host && this.#run.fleet.has(host);
    const local = missing.filter(isLocal);
    const remote = missing.filter((item) => !isLocal(item));
    const byHost = new Map<string, Need<unknown>[]>();
    for (const { host, need } of local) {
      const own = byHost.get(host);
      if (own) own.push(need);
      else byHost.set(host, [need]);
    }
    // Facts of other hosts of the run go with what those hosts collect anyway.
    const besides = remote.filter(({ need }) => !isApiKind(need.kind) && byHost.has(need.host ?? ''));
    for (const { need } of besides) byHost.get(need.host ?? '')?.push(need);
    await Promise.all([
      this.#run.fleet.readRemote(remote.filter((item) => !besides.includes(item))),
      inTurns(byHost, ([name, needs]) => this.#collectFrom(this.#run.fleet.get(name), needs)),
    ]);
  }

  async #collectFrom(host: HostRun, needs: readonly Need<unknown>[]): Promise<void> {
    const sent = performance.now();
    try {
      await this.#run.fleet.collect(host, needs);
      this.#run.options.emit(tripEvent(host.name, sent, []));
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      this.#run.fleet.lose(host.name, error);
      throw error;
    }
    const { fact } = host;
    if (fact && needs.includes(needHost)) this.#cache.store(host.connection.hostKey, fact);
  }

  /** One pass over all plays and hosts. */
  async #planOnce(): Promise<Plan> {
    const plan = new Plan(this.#run.fleet, this.#run.context);
    const dropped = new Set<string>();
    for (const host of this.#run.fleet.connected()) host.registered.clear();
    for (const { play, limited } of this.#run.options.plays) {
      for (const batch of batchesOf(play, this.#run.alive(limited))) {
        const left = batch.filter((name) => !dropped.has(name));
        const together = new BatchWalk(play, left);
        const walks: Promise<void>[] = [];
        // One after the other, but for those that wait for what a later one is to set.
        for (const host of left) {
          const walk = this.#walk(plan, host, play, { hosts: limited, batch }, together).catch(
            (error: unknown) => {
              if (!(error instanceof HostFailed)) throw error;
              dropped.add(host);
            },
          );
          walks.push(walk);
          await Promise.race([walk, together.rest(host)]);
        }
        await Promise.all(walks);
      }
    }
    for (const host of this.#run.fleet.connected()) host.registered.clear();
    return plan;
  }

  async #walk(plan: Plan, host: string, play: Play, hosts: PlayHosts, together: BatchWalk): Promise<void> {
    try {
      await this.#run.walker(host, play, hosts, plan.strategy, together).walk();
    } catch (error) {
      const isReported = plan.reports.some(
        (report) =>
          report.host === host &&
          error instanceof HostFailed &&
          report.instances.some(({ outcome }) => outcome.error === error.error),
      );
      if (error instanceof HostFailed && !isReported) plan.failures.push(error.error);
      throw error;
    } finally {
      together.abandon(host);
    }
  }
}
