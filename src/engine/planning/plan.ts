// From plays and worlds to the changes to be made. Nothing here changes a host.
import type { Play } from '../../config/playbook/model.ts';
import { mergeHosts } from '../../core/diagnostics.ts';
import { UnhealthyError, type DroverError } from '../../core/errors.ts';
import { isApiKind } from '../../facts/api.ts';
import type { Need } from '../../facts/need.ts';
import type { ModuleContext } from '../../modules/define-module.ts';
import { refused, type Change, type Note, type Verdict } from '../../plan/change.ts';
import { NotYetKnown } from '../../vars/scope.ts';
import { takeEffect, takeUnknownEffect } from '../tasks/effects.ts';
import type { Fleet, HostNeed } from '../hosts/fleet.ts';
import { isRead, type Instance } from '../tasks/instance.ts';
import { awaited, mayPass, outcomeWithoutChanges } from '../tasks/judge.ts';
import { bindOpenTask } from '../tasks/open-task.ts';
import type { Strategy } from '../tasks/strategy.ts';
import type { Interest } from './interests.ts';
import type { HostChange, Outcome, TaskReport } from '../tasks/outcome.ts';
import type { World } from '../hosts/world.ts';

/** What does not answer, by who asks it. */
interface Silence {
  readonly instance: Instance;
  readonly reason: string;
}

/** What one pass over all plays finds: the plan, and what would have to be known to make it complete. */
export class Plan {
  readonly reports: TaskReport[] = [];
  /** Failures that belong to no instance: a template that does not render. */
  readonly failures: DroverError[] = [];
  /** Needs that nobody has collected yet. */
  readonly missing: HostNeed[] = [];
  /** Each task's needs, in the order of the run: what is worth collecting again after a change. */
  readonly interests: Interest[] = [];
  readonly #fleet: Fleet;
  readonly #context: ModuleContext;
  readonly #worlds = new Map<string, World>();
  /** Something before this point installs, starts or is deferred: an API that is silent now may answer then. */
  #startsSomething = false;
  /** What a task is there to wait for, though nothing before it starts that. */
  #awaited: Silence | undefined;

  constructor(fleet: Fleet, context: ModuleContext) {
    this.#fleet = fleet;
    this.#context = context;
  }

  /** The plan's strategy: compares each instance with what is known and what earlier changes will make of it. */
  readonly strategy: Strategy = {
    pending: false,
    flush: () => [],
    report: (report) => this.reports.push(report),
    submit: (instance) => [{ instance, outcome: this.#outcome(instance) }],
    leaveOpen: (task, walk, reason) => {
      if (task.module.readOnly || isRead(task)) return;
      this.#startsSomething = true;
      const instances = bindOpenTask(task, walk);
      if (instances) {
        for (const instance of instances) takeUnknownEffect(this.#worldOf(instance), instance);
        return;
      }
      const hosts = task.delegateTo ? this.#fleet.connected().map(({ name }) => name) : [walk.host];
      for (const host of hosts) this.#world(host).write('*', reason);
    },
  };

  get changes(): HostChange[] {
    return this.reports.flatMap(({ host, instances }) =>
      instances.flatMap(({ outcome }) => outcome.changes.map((change) => ({ host, change }))),
    );
  }

  /** What people should know beside the changes, each with its hosts. */
  get notes(): (Note & { readonly hosts: readonly string[] })[] {
    const noted = this.reports.flatMap(({ host, instances }) =>
      instances.flatMap(({ outcome: { note } }) => (note ? [{ ...note, hosts: [host] }] : [])),
    );
    return mergeHosts(noted);
  }

  get hasChanges(): boolean {
    return this.reports.some(isToDo);
  }

  /** What has not answered though nothing was to start it, where nothing else stands against the plan: it may yet. */
  get silence(): Silence | undefined {
    if (this.failures.length > 0) return undefined;
    const failed = this.reports
      .filter(({ status }) => status === 'failed')
      .flatMap(({ instances }) => instances)
      .filter(({ outcome }) => outcome.status === 'failed');
    if (!failed.every(({ outcome }) => mayPass(outcome))) return undefined;
    const [first] = failed;
    return first ? { instance: first.instance, reason: first.outcome.reason ?? '' } : this.#awaited;
  }

  /** Whether a play has something to do. */
  concerns(play: Play): boolean {
    return this.reports.some((report) => report.play.at === play.at && isToDo(report));
  }

  #world(host: string): World {
    let world = this.#worlds.get(host);
    if (!world) {
      world = this.#fleet.get(host).world.fork();
      this.#worlds.set(host, world);
    }
    return world;
  }

  /** The world that an instance changes. */
  #worldOf({ host, delegateTo }: Instance): World {
    return this.#world(delegateTo !== undefined && this.#fleet.has(delegateTo) ? delegateTo : host);
  }

  #recordsOf(need: Need<unknown>, host: string) {
    const at = need.host ?? host;
    return this.#fleet.has(at) ? this.#world(at).records(need) : this.#fleet.recordsOf(need, host);
  }

  #outcome(instance: Instance): Outcome {
    const { host, needs, presumes, task } = instance;
    needs.forEach((need) => this.interests.push({ host, need, task: task.id }));
    const absent = [...needs, ...presumes].filter((need) => this.#fleet.recordsOf(need, host) === undefined);
    if (absent.length > 0) {
      this.missing.push(...absent.map((need) => ({ host, need })));
      return {
        status: 'deferred',
        changes: [],
        result: undefined,
        reason: 'its facts are not collected yet',
      };
    }
    const gone = this.#fleet.unreachable.get(instance.delegateTo ?? host);
    if (gone) {
      const { message: reason } = gone;
      return { status: 'failed', changes: [], result: { msg: reason }, reason, error: gone };
    }
    const lookUp = (need: Need<unknown>) => this.#recordsOf(need, host);
    const unknown = needs.find((need) => lookUp(need) === undefined);
    const verdict = unknown ? instance.guard(lookUp) : this.#ifPossible(instance, instance.diff(lookUp));
    if (unknown && verdict?.state !== 'refused') {
      return this.#defer(instance, this.#world(unknown.host ?? host).unknownReason(unknown) ?? 'not known');
    }
    return verdict ? this.#judge(instance, verdict) : this.#defer(instance, 'not known');
  }

  /** The verdict, but for changes that the host rules out. */
  #ifPossible(instance: Instance, verdict: Verdict): Verdict {
    if (verdict.state !== 'changes') return verdict;
    for (const presumption of instance.presumes) {
      const at = presumption.host ?? instance.host;
      const records = this.#fleet.has(at) ? this.#world(at).undisturbed(presumption) : undefined;
      const obstacle = records && presumption.parse(records);
      if (obstacle) return refused(obstacle.reason, obstacle.hint);
    }
    return verdict;
  }

  #judge(instance: Instance, verdict: Verdict): Outcome {
    try {
      return verdict.state === 'changes'
        ? { ...this.#change(instance, verdict.changes), ...noteOf(verdict) }
        : this.#judgeUnchanged(instance, verdict);
    } catch (error) {
      // What a condition on the result asks for.
      if (!(error instanceof NotYetKnown)) throw error;
      return leftOpen(error.reason);
    }
  }

  #judgeUnchanged(instance: Instance, verdict: Exclude<Verdict, { state: 'changes' }>): Outcome {
    const { task, needs } = instance;
    const outcome = outcomeWithoutChanges(instance, verdict);
    if (verdict.state === 'silent' && this.#startsSomething)
      return this.#defer(instance, 'what it asks is not up yet');
    if (verdict.state === 'silent' && task.until && outcome.error instanceof UnhealthyError) {
      // It is there to wait for this; what the plan changes before may be what brings it about.
      if (verdict.hint === undefined && !this.hasChanges)
        this.#awaited ??= { instance, reason: verdict.reason };
      return this.#defer(instance, verdict.reason);
    }
    if (task.until) {
      const come = awaited(instance, outcome);
      if (typeof come === 'object') return come;
      if (!come) return this.#defer(instance, 'what it is retried for has not come');
    }
    const asksApi = needs.some(({ kind }) => isApiKind(kind));
    if (verdict.state === 'in-sync' && outcome.status === 'failed' && asksApi && this.#startsSomething)
      return this.#defer(instance, outcome.reason ?? 'what it asks is not as it will be');
    return verdict.state === 'in-sync' ? { ...outcome, ...noteOf(verdict) } : outcome;
  }

  #change(instance: Instance, changes: readonly Change[]): Outcome {
    const world = this.#worldOf(instance);
    for (const change of changes) {
      takeEffect(world, instance, instance.task.module.writesOf(change, this.#context));
      if (!['update', 'set', 'download'].includes(change.action)) this.#startsSomething = true;
    }
    // What a command will say is not known, nor what is made of it; that a change will be made is.
    const { module, changedWhen, failedWhen } = instance.task;
    const result = module.isCommand || changedWhen || failedWhen ? undefined : {};
    return { status: 'changed', changes, result };
  }

  #defer(instance: Instance, reason: string): Outcome {
    takeUnknownEffect(this.#worldOf(instance), instance);
    // What only looks starts nothing; what is there to wait does so for something.
    const { module, until } = instance.task;
    if (!module.readOnly || until) this.#startsSomething = true;
    return { status: 'deferred', changes: [], result: undefined, reason };
  }
}

/** An outcome that is not known yet, of a task that changes nothing. */
function leftOpen(reason: string): Outcome {
  return { status: 'deferred', changes: [], result: undefined, reason };
}

/** Whether a run has to do something for it; that `changed_when` counts it as changed is not enough. */
function isToDo({ status, instances }: TaskReport): boolean {
  const changes = instances.some(({ outcome }) => outcome.changes.length > 0);
  return status === 'deferred' || (status === 'changed' && changes);
}

function noteOf({ note }: { readonly note?: Note }): { note?: Note } {
  return note ? { note } : {};
}
