import { isApiKind } from '../../facts/api.ts';
import { isGuarded } from '../../facts/collectors.ts';
import type { FactRecord, Need } from '../../facts/need.ts';
import { Unqueued, isAllOrNothing } from './unqueued.ts';
import type { ApplyOptions } from './apply-options.ts';
import { queueScript, parseQueueOutput } from './queue-script.ts';
import { takeEffect } from '../tasks/effects.ts';
import { QueueJournal } from './queue-journal.ts';
import type { HostRun } from '../hosts/host-run.ts';
import { lastLines } from '../../core/text.ts';
import type { Task } from '../../config/playbook/model.ts';
import type { Instance } from '../tasks/instance.ts';
import type { Verdict } from '../../plan/change.ts';
import { NotYetKnown } from '../../vars/scope.ts';
import { worthKnowing } from '../planning/interests.ts';
import { isJudgedLater, outcomeInSync, outcomeOf, outcomeWithoutChanges } from '../tasks/judge.ts';
import { isScript, timeoutOf } from './perform.ts';
import { overwrittenIn, toSegments, type QueuedTask } from './segments.ts';
import { tripEvent } from '../tasks/shown-events.ts';
import type { Strategy } from '../tasks/strategy.ts';
import {
  hiddenByNoLog,
  lastWords,
  type ChangeOutput,
  type Outcome,
  type Settled,
  type TaskReport,
} from '../tasks/outcome.ts';
import type { World } from '../hosts/world.ts';

// Characters: the queue goes out as one message, and before it grows beyond this.
const largestQueue = 4 * 1024 * 1024;
// A fact that differs at each look would have the same task sent for ever.
const guardAttempts = 3;

/**
 * Carries tasks out on one host. Tasks whose changes are known are queued, and the queue goes out as one script, which
 * checks before each change that what it was planned from still holds; every other task goes out by itself.
 */
export class Applier implements Strategy {
  readonly #host: HostRun;
  readonly #options: ApplyOptions;
  readonly #journal: QueueJournal;
  readonly #unqueued: Unqueued;
  #queue: QueuedTask[] = [];
  #size = 0;
  /** The host as it will be once the queue is done; undefined while that is empty. */
  #predicted: World | undefined;

  constructor(host: HostRun, options: ApplyOptions) {
    this.#host = host;
    this.#options = options;
    this.#journal = new QueueJournal(host, options.journalOf(host.name));
    this.#unqueued = new Unqueued(host, options);
  }

  /** What the next task will find. */
  get #ahead(): World {
    return this.#predicted ?? this.#host.world;
  }

  get pending(): boolean {
    return this.#queue.length > 0;
  }

  report(report: TaskReport): void {
    this.#options.report(report);
  }

  submit(instance: Instance): AsyncGenerator<Settled> {
    return this.#take(instance, 0);
  }

  async *flush(reason: string): AsyncGenerator<Settled> {
    while (this.#queue.length > 0) yield* this.#send(reason);
  }

  /** Queues an instance, or settles it; what is queued goes out before it where it must. */
  async *#take(instance: Instance, attempts: number): AsyncGenerator<Settled> {
    const { task } = instance;
    const own = `"${instance.name}"`;
    if (task.until || instance.delegateTo !== undefined || this.#isRemote(instance)) {
      yield* this.flush(`${own} waits, or asks an API or another host`);
      yield { instance, outcome: await this.#unqueued.run(instance) };
      return;
    }
    if (this.#queue[0] && this.#queue[0].instance.become !== instance.become)
      yield* this.flush(`${own} runs as another user`);
    const before = this.#queue.at(-1)?.instance.task;
    if (before && before !== task && isJudgedLater(before))
      yield* this.flush('its failed_when comes before what follows');
    const known = yield* this.#know(instance);
    const verdict = instance.diff((need) => known.get(need));
    if (verdict.state !== 'changes') {
      const outcome = this.#unchanged(instance, verdict);
      if (!this.pending) {
        yield { instance, outcome };
      } else if (verdict.state === 'in-sync' && outcome.status !== 'failed') {
        const result = verdict.result ?? {};
        this.#enqueue({ instance, changes: [], intents: [], result, attempts }, known);
      } else {
        // What the queue does may be just what this waits for.
        const why = task.noLog || outcome.reason === undefined ? '' : `: ${outcome.reason}`;
        yield* this.flush(`${own} may need it${why}`);
        yield* this.#take(instance, attempts);
      }
      return;
    }
    await this.#options.consent(instance, verdict.changes);
    const changes = verdict.changes.map((change) => task.module.prepare(change, this.#options.context));
    if (task.module.stepwise || !changes.every(isScript)) {
      yield* this.flush(`${own} goes step by step`);
      yield { instance, outcome: await this.#unqueued.run(instance) };
      return;
    }
    const intents = this.#journal.intents(verdict.changes, (change) =>
      this.#options.journaled(instance, change),
    );
    this.#enqueue({ instance, changes, intents, result: {}, attempts }, known);
    if (this.#size > largestQueue) yield* this.flush('it is as large as a script may be');
  }

  #unchanged(instance: Instance, verdict: Exclude<Verdict, { state: 'changes' }>): Outcome {
    try {
      return outcomeWithoutChanges(instance, verdict);
    } catch (error) {
      if (!(error instanceof NotYetKnown)) throw error;
      return failedWith(error.reason);
    }
  }

  #enqueue(item: Omit<QueuedTask, 'found'>, known: ReadonlyMap<Need<unknown>, readonly FactRecord[]>): void {
    const absent = new Set(
      [...known].flatMap(([need, records]) => (isAbsent(need, records) ? need.key : [])),
    );
    const found = [...known].flatMap(([need, records]) =>
      // What is not there has no content either.
      isGuarded(need.kind) && !(need.kind === 'digest' && absent.has(need.key)) ? { need, records } : [],
    );
    this.#queue.push({ ...item, found });
    for (const operation of item.changes.flatMap(({ operations }) => operations))
      this.#size += (operation.newFile?.content ?? operation.script).length;
    this.#size += item.intents.reduce((sum, { line }) => sum + line.length, 0);
    this.#predicted ??= this.#host.world.fork();
    for (const change of item.changes) takeEffect(this.#predicted, item.instance, change.writes);
  }

  /** Other hosts' facts and APIs can't be guarded by a script on this host. */
  #isRemote({ needs, host }: Instance): boolean {
    return needs.some((need) => isApiKind(need.kind) || (need.host !== undefined && need.host !== host));
  }

  /** What an instance is to be compared with. What is done meanwhile for other hosts may change it after that. */
  async *#know(
    instance: Instance,
  ): AsyncGenerator<Settled, ReadonlyMap<Need<unknown>, readonly FactRecord[]>> {
    for (;;) {
      const known = new Map<Need<unknown>, readonly FactRecord[]>();
      const open = instance.needs.filter((need) => {
        const records = this.#ahead.records(need);
        if (records) known.set(need, records);
        return records === undefined;
      });
      const [first] = open;
      if (!first) return known;
      if (this.pending) {
        const why = this.#ahead.unknownReason(first) ?? 'it was not collected';
        yield* this.flush(`"${instance.name}" depends on ${first.kind} ${first.key}: ${why}`);
      } else {
        // The tasks to come would ask next.
        const missing = worthKnowing(this.#options.interests, this.#host.name, [instance]).filter(
          (need) => this.#host.world.records(need) === undefined,
        );
        await this.#options.fleet.collect(this.#host, missing);
      }
    }
  }

  async *#send(reason: string): AsyncGenerator<Settled> {
    const queue = this.#queue;
    this.#queue = [];
    this.#size = 0;
    this.#predicted = undefined;
    const { fleet, checkpoint, emit, context } = this.#options;
    checkpoint();
    const { segments, places } = toSegments(queue);
    const owners = queue.filter((item) => places.has(item));
    const instances = queue.map(({ instance }) => instance);
    const interesting = worthKnowing(this.#options.interests, this.#host.name, instances);
    owners.forEach(({ instance }) => this.#options.started(instance));
    const limits = owners.map(
      ({ instance, changes }) =>
        timeoutOf(
          instance,
          changes.flatMap((change) => change.operations),
        ) ?? 0,
    );
    const timeout = limits.reduce((sum, limit) => sum + limit, 60);
    const become = instances[0]?.become ?? false;
    const after = fleet.gathersIn(this.#host, become) ? interesting : [];
    const names = new Set(owners.map(({ instance }) => `"${instance.name}"`));
    const options = { what: [...names].join(', '), timeout: timeout * 1000 };
    const sent = performance.now();
    const intents = owners.flatMap((item) => item.intents);
    const opening = await this.#journal.open(intents, become);
    const journaled = opening === '' ? segments.map((segment) => ({ ...segment, intents: [] })) : segments;
    const piece = await this.#host.run(queueScript(journaled, after, opening), become, options);
    emit(tripEvent(this.#host.name, sent, owners, context.redact(reason)));
    fleet.changed(this.#host.name);
    const output = parseQueueOutput(piece.nonce, segments.length, piece.stdout, piece.stderr);
    if (output.collected === undefined || after !== interesting) await fleet.collect(this.#host, interesting);
    else this.#host.learn(output.collected, after);
    const brokenOff = piece.timedOut ? `ended after ${timeout} s` : lastLines(piece.stderr);
    const ranOf = (item: QueuedTask) => {
      const place = places.get(item);
      if (!place) return [];
      return output.segments[place.segment]?.slice(place.from, place.from + item.changes.length) ?? [];
    };
    const isApart = (item: QueuedTask) =>
      output.apart !== undefined && places.get(item)?.segment === output.apart;
    yield* this.#settle(queue, ranOf, isApart, output.isThrough ? undefined : brokenOff);
  }

  /** What became of each queued instance; those that were not reached are taken in again. */
  async *#settle(
    queue: readonly QueuedTask[],
    ranOf: (item: QueuedTask) => readonly ChangeOutput[],
    isApart: (item: QueuedTask) => boolean,
    brokenOff: string | undefined,
  ): AsyncGenerator<Settled> {
    const lastRun = queue.findLastIndex((item) => ranOf(item).length > 0);
    const overwritten = overwrittenIn(queue.slice(0, lastRun + 1));
    const again: QueuedTask[] = [];
    let settled = 0;
    let failed: Task | undefined;
    const settledAs = (instance: Instance, outcome: Outcome): Settled => {
      if (outcome.status === 'failed') failed = instance.task;
      return { instance, outcome };
    };
    try {
      for (const [position, item] of queue.entries()) {
        const { instance } = item;
        const ran = ranOf(item);
        settled = position + 1;
        if (item.changes.length === 0 && again.length === 0) {
          // Guarded by the changes after it, or else by what was just collected.
          if (position < lastRun) {
            yield settledAs(instance, outcomeInSync(instance, item.result));
            continue;
          }
          const verdict = instance.diff((need) => this.#host.world.records(need));
          if (verdict.state === 'in-sync') yield settledAs(instance, outcomeInSync(instance, verdict.result));
          else again.push(item);
        } else if (again.length > 0 || ran.length === 0) {
          if (brokenOff !== undefined && again.length === 0) {
            yield settledAs(instance, failedWith(brokenOff));
          } else again.push(item);
        } else {
          const { done, last } = this.#note(item, ran);
          const isOverwritten = overwritten.has(item);
          const outcome = outcomeOf(instance, done, last, isOverwritten ? undefined : this.#options.fleet);
          const said = instance.task.noLog ? hiddenByNoLog : (outcome.reason ?? '');
          const failure = outcome.status === 'failed' ? said : undefined;
          this.#journal.writeResults(item.intents, instance.become, ran, failure);
          yield settledAs(instance, outcome);
        }
        if (brokenOff === undefined && ran.length === 0)
          this.#journal.writeResults(item.intents, instance.become, ran);
      }
    } finally {
      // Whoever stops reading at a failure has no outcomes of those behind it: what they changed is changed all the same.
      for (const item of queue.slice(settled)) {
        const ran = ranOf(item);
        const last = ran.at(-1);
        if (!last && brokenOff !== undefined) continue;
        if (last) this.#note(item, ran);
        const failure = last && last.status !== 0 ? lastWords(item.instance, last) : undefined;
        this.#journal.writeResults(item.intents, item.instance.become, ran, failure);
      }
    }
    // Up to the first change that was not reached it was these tasks' facts that differed.
    const blamed = again.findIndex((item) => item.changes.length > 0);
    for (const [position, item] of again.entries()) {
      const { instance, attempts } = item;
      // Its other items come to their end before the failure of a loop keeps what follows from being done.
      if (failed && failed !== instance.task) {
        yield* this.flush('a task has failed');
        failed = undefined;
      }
      const next = position <= blamed || isApart(item) ? attempts + 1 : attempts;
      if (next >= guardAttempts) {
        yield { instance, outcome: failedWith('what it depends on changes each time it is looked at') };
      } else yield* this.#take(instance, next);
    }
  }

  /** Says which changes of a queued task were begun and made. */
  #note({ instance, changes }: QueuedTask, ran: readonly ChangeOutput[]) {
    const begun = changes.slice(0, ran.length).map(({ change }) => change);
    const last = ran.at(-1) ?? { status: 1, stdout: '', stderr: '' };
    // A command's end is for failed_when to judge.
    const done = last.status === 0 || instance.task.module.isCommand ? begun : begun.slice(0, -1);
    const failed = last.status === 0 ? undefined : changes[ran.length - 1];
    (failed && isAllOrNothing(failed) ? begun.slice(0, -1) : begun).forEach((change) =>
      this.#options.begun(instance, change),
    );
    done.forEach((change) => this.#options.changed(instance, change));
    return { done, last };
  }
}

function failedWith(reason: string): Outcome {
  return { status: 'failed', changes: [], result: {}, reason };
}

function isAbsent({ kind }: Need<unknown>, records: readonly FactRecord[]): boolean {
  return kind === 'path' && records.length === 0;
}
