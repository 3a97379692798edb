// Carries changes out, checks that they took, and rolls over hosts. What to change has been decided in planning/.
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Play } from '../../config/playbook/model.ts';
import {
  DroverError,
  InterruptedError,
  InvalidInputError,
  TaskFailedError,
  UnhealthyError,
  UnreachableError,
} from '../../core/errors.ts';
import { inTurns } from '../../core/in-turns.ts';
import { Applier } from './applier.ts';
import type { Consent } from './consent.ts';
import type { Plan } from '../planning/plan.ts';
import type { Roll } from './rolling.ts';
import { batchesOf } from '../planning/batches.ts';
import { BatchWalk } from '../tasks/batch-walk.ts';
import type { PlayHosts, RunContext } from '../run-context.ts';
import { changeEvent, journaled, startEvent, taskEvent } from '../tasks/shown-events.ts';
import { HostFailed, type TaskReport } from '../tasks/outcome.ts';

/** Carries a plan out, play by play and batch by batch. */
export class PlanApplier {
  readonly #run: RunContext;
  readonly #roll: Roll;
  readonly #consent: Consent;
  readonly #reports: TaskReport[];
  readonly #errors: DroverError[];
  /** Hosts on which a task failed. */
  readonly #failed = new Set<string>();
  #changesMade = 0;

  constructor(
    run: RunContext,
    parts: { readonly roll: Roll; readonly consent: Consent },
    outcome: { readonly reports: TaskReport[]; readonly errors: DroverError[] },
  ) {
    this.#run = run;
    this.#roll = parts.roll;
    this.#consent = parts.consent;
    this.#reports = outcome.reports;
    this.#errors = outcome.errors;
  }

  async run(plan: Plan): Promise<void> {
    const { emit, plays } = this.#run.options;
    for (const { play, limited } of plays) {
      const alive = this.#run.alive(limited);
      const rolls = plan.concerns(play);
      const batches = batchesOf(play, rolls ? await this.#roll.order(play, alive) : alive);
      for (const [index, batch] of batches.entries()) {
        if (rolls && index > 0) await this.#pause(play.rolling?.pause ?? 0);
        emit({ type: 'play', play: play.name, hosts: batch });
        const forks = pLimit(this.#run.options.forks);
        // Who waits for what another host sets leaves its turn to it.
        const together = new BatchWalk(play, batch, (waiting) => {
          forks.concurrency = this.#run.options.forks + waiting;
        });
        await inTurns(batch, (host) =>
          forks(() => this.#applyTo(host, play, { hosts: limited, batch }, plan, together)),
        );
        await this.#settle(play, batch);
        // What failed on one host is likely to fail on the next, and the plays after build on it.
        if (this.#errors.length > 0) return;
      }
    }
  }

  /** Waits between two batches; an interruption ends that at once. */
  async #pause(seconds: number): Promise<void> {
    const { signal } = this.#run.options;
    if (seconds > 0) await delay(seconds * 1000, undefined, { signal }).catch(() => undefined);
    this.#run.checkpoint();
  }

  /** After a batch of a rolling play: its hosts are well, or get back what they had. */
  async #settle(play: Play, batch: readonly string[]): Promise<void> {
    if (!play.rolling) return;
    for (const host of batch.filter((name) => !this.#run.fleet.unreachable.has(name))) {
      const failed = this.#failed.has(host);
      try {
        if (!failed) {
          await this.#roll.settle(play, host);
          continue;
        }
      } catch (error) {
        if (!(error instanceof DroverError)) throw error;
        this.#errors.push(error);
        this.#warn(error);
        if (error instanceof InterruptedError) return;
      }
      const outcome = await this.#roll.takeBack(play, host);
      if (outcome === undefined) continue;
      this.#run.options.emit({
        type: 'warning',
        message: `${host}: ${outcome}`,
        hint: 'the hosts that were not reached are as they were; drover verify shows how the cluster is. Fix the cause, and run it again',
      });
    }
  }

  async #applyTo(host: string, play: Play, hosts: PlayHosts, plan: Plan, together: BatchWalk): Promise<void> {
    const { emit, vault } = this.#run.options;
    const applier = new Applier(this.#run.fleet.get(host), {
      fleet: this.#run.fleet,
      emit,
      context: this.#run.context,
      interests: plan.interests,
      checkpoint: () => this.#run.checkpoint(),
      signal: this.#run.options.signal,
      report: (report) => {
        this.#reports.push(report);
        emit(taskEvent(report, vault));
      },
      journalOf: (name) => this.#run.journalOf(name),
      journaled: (instance, change) => journaled(instance, play.name, change, vault),
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
      await this.#run.walker(host, play, hosts, applier, together).walk();
    } catch (error) {
      if (error instanceof HostFailed) {
        this.#failed.add(host);
        this.#errors.push(this.#afterChanges(error.error));
      } else if (error instanceof UnhealthyError) {
        this.#errors.push(error);
        this.#warn(error);
      } else if (error instanceof UnreachableError) {
        this.#run.fleet.lose(error.host ?? host, error);
        this.#errors.push(error);
      } else if (error instanceof InterruptedError) this.#errors.push(error);
      else throw error;
    } finally {
      together.abandon(host);
    }
  }

  #warn({ message, hint }: DroverError): void {
    this.#run.options.emit({ type: 'warning', message, ...(hint === undefined ? {} : { hint }) });
  }

  /** Bad input that shows only after the first change is a failed task. */
  #afterChanges(error: DroverError): DroverError {
    if (!(error instanceof InvalidInputError) || this.#changesMade === 0) return error;
    return new TaskFailedError(error.message, error.hint === undefined ? {} : { hint: error.hint });
  }
}
