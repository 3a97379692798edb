import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { scopeOf, type RunVariables, type VariableSources } from '../config/host-variables.ts';
import { tasksOf, type Play, type Task } from '../config/playbook/model.ts';
import {
  DroverError,
  exitCodes,
  InterruptedError,
  InvalidInputError,
  TaskFailedError,
  UnhealthyError,
  UnreachableError,
  worstExitCode,
  type ExitCode,
} from '../core/errors.ts';
import { matchesScramVerifier } from '../core/scram.ts';
import type { Vault } from '../core/secrets.ts';
import { needHost } from '../facts/host.ts';
import { isApiKind } from '../facts/api.ts';
import type { Need } from '../facts/need.ts';
import type { ModuleContext } from '../modules/define-module.ts';
import type { Layer, Scope } from '../vars/scope.ts';
import { Applier } from './applier.ts';
import { Consent } from './consent.ts';
import type { Emit, HostRecap } from './events.ts';
import { FactsCache } from './facts-cache.ts';
import { Fleet } from './fleet.ts';
import type { Connection, HostRun } from './host-run.ts';
import { describeHolder, lockHosts } from './lock.ts';
import { Plan, type HostChange, type HostNeed } from './planner.ts';
import { recapOf } from './recap.ts';
import { batchesOf, Roll, type RollingGuide } from './rolling.ts';
import { OnceForAll } from './run-once.ts';
import { changeEvent, planEvent, startEvent, taskEvent } from './tell.ts';
import { HostFailed, Walker, type Strategy, type TaskReport } from './walker.ts';

export interface RunOptions {
  /** Identifies the run in locks and logs. */
  readonly id: string;
  readonly command: string;
  readonly plays: readonly {
    readonly play: Play;
    readonly hosts: readonly string[];
    readonly limited: readonly string[];
  }[];
  readonly variables: VariableSources;
  readonly vault: Vault;
  /** Secret variables, live: filled in before the first plan. */
  readonly secrets: Layer;
  /** Become root where neither task nor play says. */
  readonly become: boolean;
  readonly forks: number;
  readonly skipUnreachable: boolean;
  readonly lockTimeout: number;
  readonly cache?: FactsCache;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  connect(host: string): Promise<Connection>;
  selects(task: Task): boolean;
  /** Asks before a disruptive change; resolves to false when it is refused. */
  confirm(question: string, changes: readonly HostChange[]): Promise<boolean>;
  /** What goes on while changes are made. */
  readonly around?: (run: Run, plan: Plan, work: () => Promise<void>) => Promise<void>;
  /** Knows the cluster that rolling plays go over. */
  readonly guide?: (run: Run) => RollingGuide;
  /** Facts that somebody beside the tasks wants, gathered in the first trip. */
  needsBeside?(): readonly HostNeed[];
  /** Called with what was collected, before the plan counts. */
  readonly inspect?: (fleet: Fleet) => void;
}

/** The hosts of a play that are in the run, and those of them that are done together. */
interface PlayHosts {
  readonly hosts: readonly string[];
  readonly batch: readonly string[];
}

/** One run over hosts: connect, collect, plan, and apply if asked to. */
export class Run {
  readonly fleet: Fleet;
  readonly #options: RunOptions;
  readonly #cache: FactsCache;
  readonly #context: ModuleContext;
  readonly #reports: TaskReport[] = [];
  readonly #errors: DroverError[] = [];
  readonly #roll: Roll;
  /** Hosts on which a task failed. */
  readonly #failed = new Set<string>();
  #changesMade = 0;
  readonly #consent: Consent;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#cache = options.cache ?? new FactsCache();
    const { vault, emit } = options;
    this.fleet = new Fleet({ connect: (host) => options.connect(host), vault, emit });
    this.#context = {
      digest: (text) => createHash('sha256').update(vault.reveal(text)).digest('hex'),
      encode: (text) => Buffer.from(vault.reveal(text)).toString('base64'),
      redact: (text) => vault.redact(text),
      matchesScram: (verifier, password) => matchesScramVerifier(verifier, vault.reveal(password)),
    };
    this.#consent = new Consent((question, changes) => options.confirm(question, changes));
    let guide: RollingGuide | undefined;
    this.#roll = new Roll({
      fleet: this.fleet,
      emit,
      context: this.#context,
      checkpoint: () => this.#checkpoint(),
      guide: () => (guide ??= options.guide?.(this) ?? nowhere()),
      restored: (instance, play, change) => emit(changeEvent('restore', instance, play.name, change, vault)),
    });
  }

  /** Hosts that tasks may run on. */
  get hosts(): string[] {
    return [...new Set(this.#options.plays.flatMap(({ limited }) => limited))];
  }

  /** Connects to all hosts. With one missing nothing is done, unless the run is to go on without it. */
  async connect(): Promise<void> {
    this.#options.emit({ type: 'phase', phase: 'connect' });
    await this.fleet.connect(this.hosts);
    this.#checkpoint();
    const gone = this.hosts.flatMap((host) => this.fleet.unreachable.get(host) ?? []);
    const [first] = gone;
    if (first && !this.#options.skipUnreachable) {
      this.#errors.push(...gone);
      throw first;
    }
    if (this.fleet.connected().length === 0) throw first ?? new UnreachableError('no host can be reached');
    for (const host of this.fleet.connected()) {
      const fact = this.#cache.load(host.connection.hostKey);
      if (fact) host.assume(fact);
    }
  }

  /**
   * Locks the hosts of all plays, those that --limit leaves out included. Resolves to whether another run had to be
   * waited for.
   */
  async lock(): Promise<boolean> {
    const { id, command, lockTimeout, emit, plays } = this.#options;
    await this.fleet.connect(plays.flatMap(({ hosts }) => hosts));
    // Without root there is nowhere to put a lock, and nothing that needs one.
    const rooted = this.fleet.connected().filter(({ name }) => this.#needsRoot(name));
    return lockHosts(rooted, describeHolder(id, command), lockTimeout, emit, () => this.#checkpoint());
  }

  /** Forgets what was collected: another run may have changed it. */
  forget(): void {
    for (const host of this.fleet.connected()) host.world.clear();
  }

  /** Reads the hosts' own facts, for those who need no plan. */
  async collectFacts(): Promise<void> {
    await this.#collect(this.fleet.connected().map((host) => ({ host: host.name, need: needHost })));
  }

  /** The plan, shown. */
  async plan(): Promise<Plan> {
    return this.show(await this.collectAndPlan());
  }

  show(plan: Plan): Plan {
    this.#options.emit({ type: 'phase', phase: 'plan' });
    for (const report of plan.reports) this.#options.emit(planEvent(report, this.#options.vault));
    return plan;
  }

  /** Collects what the tasks need and compares, until nothing is left to be collected. */
  async collectAndPlan(): Promise<Plan> {
    const { emit, inspect } = this.#options;
    emit({ type: 'phase', phase: 'collect' });
    const beside = this.#options.needsBeside?.() ?? [];
    let plan = await this.#planOnce();
    const hostFacts = this.fleet.connected().map((host): HostNeed => ({ host: host.name, need: needHost }));
    let missing = [...plan.missing, ...beside, ...hostFacts];
    while (missing.length > 0) {
      this.#checkpoint();
      await this.#collect(missing);
      inspect?.(this.fleet);
      plan = await this.#planOnce();
      missing = plan.missing;
    }
    return plan;
  }

  /** What stands against going on from a plan: all of it together. */
  refuseFailures(plan: Plan): void {
    const failed = plan.reports.filter((report) => report.status === 'failed');
    const errors = failed.flatMap((report) => report.instances.flatMap(({ outcome }) => outcome.error ?? []));
    const own = [...errors, ...plan.failures, ...this.#errors];
    const diagnostics = own.flatMap((error) => (error instanceof InvalidInputError ? error.diagnostics : []));
    if (diagnostics.length > 0) throw new InvalidInputError(mergeHosts(diagnostics));
    const [first] = own;
    if (first) throw first;
    const [report] = failed;
    if (report) throw new TaskFailedError(`${report.host}: ${report.reason ?? report.name}`);
  }

  /** Carries the plan out, play by play. */
  async apply(plan: Plan): Promise<void> {
    const { emit, around } = this.#options;
    await this.#consent.ask(plan.changes, 'These changes interrupt a service that is in use:');
    emit({ type: 'phase', phase: 'apply' });
    const work = () => this.#applyPlays(plan);
    await (around ? around(this, plan, work) : work());
  }

  async #applyPlays(plan: Plan): Promise<void> {
    const { emit, plays } = this.#options;
    for (const { play, limited } of plays) {
      const alive = this.#alive(limited);
      const rolls = plan.concerns(play);
      for (const batch of batchesOf(play, rolls ? await this.#roll.order(play, alive) : alive)) {
        emit({ type: 'play', play: play.name, hosts: batch });
        const once = new OnceForAll();
        const forks = pLimit(this.#options.forks);
        await Promise.all(
          batch.map((host) => forks(() => this.#applyTo(host, play, { hosts: limited, batch }, plan, once))),
        );
        await this.#settle(play, batch);
        // What failed on one host is likely to fail on the next, and the plays after build on it.
        if (this.#errors.length > 0) return;
        if (rolls && play.rolling)
          await delay(play.rolling.pause * 1000, undefined, { signal: this.#options.signal });
      }
    }
  }

  /** After a batch of a rolling play: its hosts are well, or get back what they had. */
  async #settle(play: Play, batch: readonly string[]): Promise<void> {
    if (!play.rolling) return;
    for (const host of batch.filter((name) => !this.fleet.unreachable.has(name))) {
      const failed = this.#failed.has(host);
      try {
        if (!failed) {
          await this.#roll.settle(play, host);
          continue;
        }
      } catch (error) {
        if (!(error instanceof DroverError)) throw error;
        this.#errors.push(error);
        this.#options.emit({
          type: 'warning',
          message: error.message,
          ...(error.hint === undefined ? {} : { hint: error.hint }),
        });
        if (error instanceof InterruptedError) return;
      }
      const outcome = await this.#roll.takeBack(play, host);
      if (outcome !== undefined) this.#options.emit({ type: 'warning', message: `${host}: ${outcome}` });
    }
  }

  /** Takes a plan without changes for the run's outcome. */
  accept(plan: Plan): void {
    this.#reports.push(...plan.reports);
    for (const report of plan.reports) this.#options.emit(taskEvent(report, this.#options.vault));
  }

  /** The outcome: exit code and what each host has to show. */
  recap(plan?: Plan): { exitCode: ExitCode; hosts: Record<string, HostRecap> } {
    const reports = plan && this.#reports.length === 0 ? plan.reports : this.#reports;
    const hosts = Object.fromEntries(this.hosts.map((host) => [host, recapOf(host, reports, this.fleet)]));
    const pending = plan?.hasChanges === true && this.#reports.length === 0;
    const codes = [
      ...this.#errors.map((error) => error.exitCode),
      pending ? exitCodes.changesPending : exitCodes.ok,
    ];
    return { exitCode: worstExitCode(codes), hosts };
  }

  /** Whether anything was changed. */
  get changed(): boolean {
    return this.#changesMade > 0;
  }

  get errors(): readonly DroverError[] {
    return this.#errors;
  }

  async close(): Promise<void> {
    await this.fleet.close();
  }

  #alive(hosts: readonly string[]): string[] {
    return hosts.filter((host) => this.fleet.has(host) && !this.fleet.unreachable.has(host));
  }

  #checkpoint(): void {
    if (this.#options.signal.aborted)
      throw new InterruptedError('interrupted; what was begun is finished, nothing more was started');
  }

  async #collect(missing: readonly HostNeed[]): Promise<void> {
    const isLocal = ({ need, host }: HostNeed) =>
      !isApiKind(need.kind) && (need.host ?? host) === host && this.fleet.has(host);
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
      this.fleet.readRemote(remote.filter((item) => !besides.includes(item))),
      ...[...byHost].map(([name, needs]) => this.#collectFrom(this.fleet.get(name), needs)),
    ]);
  }

  async #collectFrom(host: HostRun, needs: readonly Need<unknown>[]): Promise<void> {
    const sent = performance.now();
    try {
      await host.collect(needs, this.#needsRoot(host.name));
      const seconds = (performance.now() - sent) / 1000;
      this.#options.emit({ type: 'trip', host: host.name, seconds, tasks: [] });
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      this.fleet.lose(host.name, error);
      throw error;
    }
    const { fact } = host;
    if (fact && needs.includes(needHost)) this.#cache.store(host.connection.hostKey, fact);
  }

  /** One pass over all plays and hosts. */
  async #planOnce(): Promise<Plan> {
    const plan = new Plan(this.fleet, this.#context);
    const dropped = new Set<string>();
    for (const host of this.fleet.connected()) host.registered.clear();
    for (const { play, limited } of this.#options.plays) {
      for (const batch of batchesOf(play, this.#alive(limited))) {
        const once = new OnceForAll();
        for (const host of batch.filter((name) => !dropped.has(name))) {
          try {
            await this.#walker(host, play, { hosts: limited, batch }, plan.strategy, once).walk();
          } catch (error) {
            if (!(error instanceof HostFailed)) throw error;
            dropped.add(host);
            if (
              !plan.reports.some(
                (report) =>
                  report.host === host &&
                  report.instances.some(({ outcome }) => outcome.error === error.error),
              )
            ) {
              plan.failures.push(error.error);
            }
          } finally {
            once.abandon(host);
          }
        }
      }
    }
    for (const host of this.fleet.connected()) host.registered.clear();
    return plan;
  }

  async #applyTo(host: string, play: Play, hosts: PlayHosts, plan: Plan, once: OnceForAll): Promise<void> {
    const { emit, vault } = this.#options;
    const applier = new Applier(this.fleet.get(host), {
      fleet: this.fleet,
      emit,
      context: this.#context,
      interests: plan.interests,
      checkpoint: () => this.#checkpoint(),
      report: (report) => {
        this.#reports.push(report);
        emit(taskEvent(report, vault));
      },
      started: (instance) => emit(startEvent(instance, play.name, vault)),
      begun: (instance, change) => {
        this.#changesMade++;
        this.#roll.note({ instance, play, change });
      },
      changed: (instance, change) => {
        emit(changeEvent('change', instance, play.name, change, vault));
      },
      consent: async (instance, changes) => {
        const open = changes.map((change) => ({ host, change }));
        await this.#consent.ask(open, `"${instance.name}" turns out to interrupt a service in use:`);
        if (changes.some(({ disrupts }) => disrupts !== undefined)) await this.#roll.permit(play, host);
      },
    });
    try {
      await this.#walker(host, play, hosts, applier, once).walk();
    } catch (error) {
      if (error instanceof HostFailed) {
        this.#failed.add(host);
        this.#errors.push(this.#afterChanges(error.error));
      } else if (error instanceof UnhealthyError) {
        this.#errors.push(error);
        emit({
          type: 'warning',
          message: error.message,
          ...(error.hint === undefined ? {} : { hint: error.hint }),
        });
      } else if (error instanceof UnreachableError) {
        this.fleet.lose(host, error);
        this.#errors.push(error);
      } else if (error instanceof InterruptedError) this.#errors.push(error);
      else throw error;
    } finally {
      once.abandon(host);
    }
  }

  /** Bad input that shows only after the first change is a failed task. */
  #afterChanges(error: DroverError): DroverError {
    if (!(error instanceof InvalidInputError) || this.#changesMade === 0) return error;
    return new TaskFailedError(error.message, error.hint === undefined ? {} : { hint: error.hint });
  }

  #walker(
    host: string,
    play: Play,
    { hosts, batch }: PlayHosts,
    strategy: Strategy,
    once: OnceForAll,
  ): Walker {
    const become = play.become ?? this.#becomes(host);
    return new Walker({
      host,
      play: { ...play, become },
      strategy,
      once,
      context: this.#context,
      registered: this.fleet.get(host).registered,
      scope: (task) => this.scope(host, { vars: play.vars, hosts, batch }, task),
      selects: (task) => this.#options.selects(task),
      checkpoint: () => this.#checkpoint(),
    });
  }

  #becomes(host: string): boolean {
    return this.#options.become || this.scope(host).get('ansible_become') === true;
  }

  /** Whether anything in the run is done as root; only then are facts collected as root, and hosts locked. */
  #needsRoot(host: string): boolean {
    return (
      this.#becomes(host) ||
      this.#options.plays.some(
        ({ play }) => play.become ?? [...tasksOf(play.steps)].some((task) => task.become),
      )
    );
  }

  /** A host's variables, with what the run knows of it. */
  scope(host: string, play?: Parameters<typeof scopeOf>[3], task?: Layer): Scope {
    return scopeOf(this.#options.variables, host, (name) => this.#runVariables(name), play, task);
  }

  #runVariables(host: string): RunVariables {
    const run = this.fleet.has(host) ? this.fleet.get(host) : undefined;
    return {
      facts: () => {
        if (!run) throw new UnreachableError(`the facts of ${host} are asked for, and it is not in this run`);
        return run.facts();
      },
      registered: run?.registered ?? new Map(),
      secrets: this.#options.secrets,
    };
  }
}

/** Verbs that run no playbook have nothing to roll over. */
function nowhere(): never {
  throw new Error('a rolling play without a cluster');
}

/** One problem on several hosts is one diagnostic. */
function mergeHosts(diagnostics: readonly InvalidInputError['diagnostics'][number][]) {
  const merged = new Map<string, InvalidInputError['diagnostics'][number]>();
  for (const diagnostic of diagnostics) {
    const key = `${diagnostic.at?.file.path ?? ''}:${diagnostic.at?.start ?? 0}:${diagnostic.message}`;
    const hosts = [...(merged.get(key)?.hosts ?? []), ...(diagnostic.hosts ?? [])];
    merged.set(key, { ...diagnostic, hosts: [...new Set(hosts)] });
  }
  return [...merged.values()];
}
