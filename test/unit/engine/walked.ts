import { UnreachableError } from '../../../src/core/errors.ts';
import type { RunContext } from '../../../src/engine/run-context.ts';
import type { Instance } from '../../../src/engine/tasks/instance.ts';
import {
  HostFailed,
  type Outcome,
  type Settled,
  type TaskReport,
} from '../../../src/engine/tasks/outcome.ts';
import { BatchWalk } from '../../../src/engine/tasks/batch-walk.ts';
import type { Strategy } from '../../../src/engine/tasks/strategy.ts';
import { LocalLab, type RunSettings } from './local.ts';

/** Tasks of one play, as they stand in a playbook. */
export const playOf = (tasks: string) =>
  `- hosts: all\n  gather_facts: false\n  tasks:\n${tasks.trim().replace(/^(?=.)/gm, '    ')}\n`;

export const failed: Outcome = { status: 'failed', changes: [], result: { rc: 1 }, reason: 'broken' };

export const away: Outcome = {
  status: 'failed',
  changes: [],
  result: {},
  reason: 'away',
  error: new UnreachableError('away'),
};

const changed: Outcome = { status: 'changed', changes: [], result: { rc: 0 } };

/** Settles tasks as the test says, by `name` or `name of item`; what it says nothing of is changed. */
export class Scripted implements Strategy {
  /** What happened, in order. */
  readonly log: string[] = [];
  readonly reports: TaskReport[] = [];
  readonly leftOpen: string[] = [];
  readonly #outcomes: Readonly<Record<string, Outcome>>;
  /** Whether everything waits for a flush, as in a queue. */
  readonly #queues: boolean;
  #queue: Instance[] = [];

  constructor(outcomes: Readonly<Record<string, Outcome>> = {}, queues = false) {
    this.#outcomes = outcomes;
    this.#queues = queues;
  }

  get pending(): boolean {
    return this.#queue.length > 0;
  }

  get told(): string[] {
    return this.reports.map(({ name, status }) => `${name}: ${status}`);
  }

  submit(instance: Instance): Settled[] {
    this.log.push(keyOf(instance));
    if (!this.#queues) return [this.#settle(instance)];
    this.#queue.push(instance);
    return [];
  }

  flush(reason: string): Settled[] {
    const queue = this.#queue;
    if (queue.length > 0) this.log.push(`flush: ${reason}`);
    this.#queue = [];
    return queue.map((instance) => this.#settle(instance));
  }

  leaveOpen({ name }: Parameters<NonNullable<Strategy['leaveOpen']>>[0]): void {
    this.leftOpen.push(String(name?.value));
  }

  report(report: TaskReport): void {
    this.reports.push(report);
  }

  #settle(instance: Instance): Settled {
    return { instance, outcome: this.#outcomes[keyOf(instance)] ?? changed };
  }
}

const keyOf = ({ name, label }: Instance) => (label === undefined ? name : `${name} of ${label}`);

/** The first play of a run, walked on one host; its failure, if it has one. */
export async function walkOn(run: RunContext, strategy: Strategy, host = 'a', together?: BatchWalk) {
  const [first] = run.options.plays;
  if (!first) throw new Error('no play');
  const { play, limited: hosts } = first;
  const walk = together ?? new BatchWalk(play, run.alive(['a', 'b']));
  try {
    await run.walker(host, play, { hosts, batch: hosts }, strategy, walk).walk();
    return undefined;
  } catch (error) {
    if (!(error instanceof HostFailed)) throw error;
    return error.error;
  } finally {
    walk.abandon(host);
  }
}

/** Tasks walked on one host, with outcomes that the test gives. */
export async function walk(
  tasks: string,
  outcomes: Readonly<Record<string, Outcome>> = {},
  { queues = false, ...settings }: RunSettings & { readonly queues?: boolean } = {},
) {
  const { run } = await new LocalLab().context(playOf(tasks), settings);
  const strategy = new Scripted(outcomes, queues);
  const failure = await walkOn(run, strategy);
  const { log, told, reports, leftOpen } = strategy;
  return { failure, log, told, reports, leftOpen, registered: run.fleet.get('a').registered };
}
