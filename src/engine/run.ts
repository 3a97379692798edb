// The engine: plans and applies plays over hosts. It knows no cluster; what it is told of one comes in as functions.
import { mergeHosts } from '../core/diagnostics.ts';
import {
  exitCodes,
  InvalidInputError,
  TaskFailedError,
  UnreachableError,
  worstExitCode,
  type DroverError,
  type ExitCode,
} from '../core/errors.ts';
import type { Scope } from '../vars/scope.ts';
import { PlanApplier } from './applying/plan-applier.ts';
import { Consent } from './applying/consent.ts';
import { driftOf, type Drift } from './drift/drift.ts';
import type { HostRecap } from './events.ts';
import { FactsCache } from './hosts/facts-cache.ts';
import type { Fleet } from './hosts/fleet.ts';
import type { HostRun } from './hosts/host-run.ts';
import type { Journal } from './journal/journal.ts';
import { describeHolder, lockHosts } from './hosts/lock.ts';
import type { Plan } from './planning/plan.ts';
import { Planner } from './planning/planner.ts';
import { recapOf } from './recap.ts';
import { Roll } from './applying/rolling.ts';
import type { RunOptions, RollingGuide } from './run-options.ts';
import { RunContext } from './run-context.ts';
import { changeEvent, journaled, planEvent, taskEvent } from './tasks/shown-events.ts';
import {
  needLastApplied,
  parseLastApplied,
  renderLastApplied,
  digestsOf,
  writeLastApplied,
  type Digests,
} from './drift/last-applied.ts';
import { hiddenByNoLog, type TaskReport } from './tasks/outcome.ts';

/** One run over hosts: connect, collect, plan, and apply if asked to. */
export class Run {
  readonly #options: RunOptions;
  readonly #cache: FactsCache;
  readonly #context: RunContext;
  readonly #planner: Planner;
  readonly #reports: TaskReport[] = [];
  readonly #errors: DroverError[] = [];
  readonly #roll: Roll;
  readonly #consent: Consent;
  /** Each host's record of what was last applied, as it was before the run changed something. */
  readonly #recordBefore = new Map<string, string>();

  constructor(options: RunOptions) {
    this.#options = options;
    this.#cache = options.cache ?? new FactsCache();
    this.#context = new RunContext(options);
    this.#planner = new Planner(this.#context, this.#cache);
    const { vault, emit } = options;
    this.#consent = new Consent((question, changes) => options.confirm(question, changes));
    let guide: RollingGuide | undefined;
    this.#roll = new Roll({
      fleet: this.fleet,
      emit,
      context: this.#context.context,
      checkpoint: () => this.#context.checkpoint(),
      signal: options.signal,
      guide: () => (guide ??= options.guide?.(this) ?? nowhere()),
      journalOf: (host) => this.#context.journalOf(host),
      journaled: (instance, play, change) => journaled(instance, play.name, change, vault),
      restored: (instance, play, change) => emit(changeEvent('restore', instance, play.name, change, vault)),
    });
  }

  get fleet(): Fleet {
    return this.#context.fleet;
  }

  /** Hosts that tasks may run on. */
  get hosts(): string[] {
    return [...new Set(this.#options.plays.flatMap(({ limited }) => limited))];
  }

  /** Connects to all hosts. With one missing nothing is done, unless the run is to go on without it. */
  async connect(): Promise<void> {
    this.#options.emit({ type: 'phase', phase: 'connect' });
    await this.fleet.connect(this.hosts);
    this.#context.checkpoint();
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

  /** Hosts on which the run acts as root. Without there is nowhere to put a lock or a journal, and no need. */
  get rooted(): HostRun[] {
    return this.fleet.connected().filter((host) => this.#context.isRooted(host));
  }

  /**
   * Locks the hosts of all plays, those that --limit leaves out included; of these, any that cannot be locked is left
   * out. Resolves to whether another run had to be waited for.
   */
  async lock(): Promise<boolean> {
    const { id, command, lockTimeout, emit, plays } = this.#options;
    await this.fleet.connect(plays.flatMap(({ hosts }) => hosts));
    this.#context.checkpoint();
    const needed = new Set(this.hosts);
    return lockHosts(this.rooted, {
      holder: describeHolder(id, command),
      timeout: lockTimeout,
      emit,
      checkpoint: () => this.#context.checkpoint(),
      lose: (host, error) => {
        if (needed.has(host)) throw error;
        this.fleet.lose(host, error);
      },
    });
  }

  /** Forgets what was collected: another run may have changed it. */
  forget(): void {
    this.fleet.forget();
  }

  /** Reads the hosts' own facts, for those who need no plan. */
  collectFacts(): Promise<void> {
    return this.#planner.collectFacts();
  }

  /** The plan, shown. */
  async plan(): Promise<Plan> {
    return this.show(await this.collectAndPlan());
  }

  collectAndPlan(): Promise<Plan> {
    return this.#planner.collectAndPlan();
  }

  /** For a run that holds the lock: waits for what is silent and may be about to answer. */
  comeToRest(plan: Plan): Promise<Plan> {
    return this.#planner.comeToRest(plan);
  }

  show(plan: Plan): Plan {
    this.#options.emit({ type: 'phase', phase: 'plan' });
    for (const report of plan.reports) this.#options.emit(planEvent(report, this.#options.vault));
    for (const { message, hint, hosts } of plan.notes)
      this.#options.emit({ type: 'warning', message: `${hosts.join(', ')}: ${message}`, hint });
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
    if (report)
      throw new TaskFailedError(
        `${report.host}: ${report.task.noLog ? hiddenByNoLog : (report.reason ?? report.name)}`,
      );
  }

  /** Notes the run in the journal of each host, for one that has nothing to change. */
  async begin(): Promise<void> {
    const { journal } = this.#options;
    if (journal) await Promise.all(this.rooted.map((host) => journal.write(host, [])));
  }

  /** Carries the plan out, play by play. */
  async apply(plan: Plan): Promise<void> {
    const { emit, around } = this.#options;
    const outcome = { reports: this.#reports, errors: this.#errors };
    const applying = new PlanApplier(this.#context, { roll: this.#roll, consent: this.#consent }, outcome);
    await this.#roll.foresee(plan.reports);
    await this.#consent.ask(plan.changes, 'These changes interrupt a service that is in use:');
    await this.#roll.examine(plan.reports);
    for (const host of this.rooted) this.#recordBefore.set(host.name, recordOn(host));
    emit({ type: 'phase', phase: 'apply' });
    const work = () => applying.run(plan);
    await (around ? around(this, plan.reports, work) : work());
  }

  /** Takes a plan without changes for the run's outcome. */
  accept(plan: Plan): void {
    this.#reports.push(...plan.reports);
    for (const report of plan.reports) this.#options.emit(taskEvent(report, this.#options.vault));
  }

  /** Scripts that record what the run's tasks last applied, for hosts whose record differs. */
  keepLastApplied(all: boolean): Map<HostRun, string> {
    return new Map(
      this.rooted.flatMap((host): [HostRun, string][] => {
        const before = this.#recordBefore.get(host.name) ?? recordOn(host);
        const now = this.#appliedOn(host.name);
        const text = renderLastApplied(parseLastApplied(before), now, all);
        return text === before || this.fleet.unreachable.has(host.name)
          ? []
          : [[host, writeLastApplied(text)]];
      }),
    );
  }

  /** What was applied: what failed and was ignored was not. */
  #appliedOn(host: string): Digests[] {
    const outcomes = this.#reports.flatMap(({ instances }) => instances);
    const failed = new Set(
      outcomes.filter(({ outcome }) => outcome.status === 'failed').map(({ instance }) => instance),
    );
    const digests = [...digestsOf(this.#reports, host, this.#context.context)];
    return digests
      .filter(([instance]) => !failed.has(instance))
      .flatMap(([, { own, paths }]) => [own, ...paths.values()]);
  }

  /** Why each pending change of a plan is one. */
  drift(plan: Plan): Drift[] {
    return driftOf(plan, this.fleet, this.#context.context);
  }

  /** The outcome: exit code and what each host has to show. Of a plan that was refused nothing was changed. */
  recap(plan?: Plan, isRefused = false): { exitCode: ExitCode; hosts: Record<string, HostRecap> } {
    const planned = isRefused ? plan?.reports.map(asLater) : plan?.reports;
    const reports = planned && this.#reports.length === 0 ? planned : this.#reports;
    const hosts = Object.fromEntries(this.hosts.map((host) => [host, recapOf(host, reports, this.fleet)]));
    const pending = plan?.hasChanges === true && this.#reports.length === 0;
    const codes = [
      ...this.#errors.map((error) => error.exitCode),
      pending ? exitCodes.changesPending : exitCodes.ok,
    ];
    return { exitCode: worstExitCode(codes), hosts };
  }

  /** A host's variables, with what the run knows of it. */
  scope(host: string): Scope {
    return this.#context.scope(host);
  }

  /** Whether anything was changed. */
  get changed(): boolean {
    return this.#reports.some(({ status }) => status === 'changed');
  }

  /** Where what is done is noted on the hosts. */
  get journal(): Journal | undefined {
    return this.#options.journal;
  }

  get errors(): readonly DroverError[] {
    return this.#errors;
  }

  async close(): Promise<void> {
    await this.fleet.close();
  }
}

function recordOn({ world }: HostRun): string {
  return needLastApplied.parse(world.records(needLastApplied) ?? []) ?? '';
}

function asLater(report: TaskReport): TaskReport {
  return report.status === 'changed' ? { ...report, status: 'deferred' } : report;
}

/** Verbs that run no playbook have nothing to roll over. */
function nowhere(): never {
  throw new Error('a rolling play without a cluster');
}
