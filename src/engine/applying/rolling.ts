import type { Play, Rolling } from '../../config/playbook/model.ts';
import { UnhealthyError } from '../../core/errors.ts';
import { until } from '../../core/until.ts';
import type { Module, ModuleContext } from '../../modules/define-module.ts';
import type { Change } from '../../plan/change.ts';
import type { Instance } from '../tasks/instance.ts';
import type { JournaledChange } from '../journal/journal-line.ts';
import { perform, type OperationContext } from './perform.ts';
import type { RollingGuide } from '../run-options.ts';
import type { TaskReport } from '../tasks/outcome.ts';

/** Seconds in which a host must be well again after a change. */
const settleWithin = 120;
/** Milliseconds between two looks at a gate. */
const lookEvery = 500;

/** A change that was made, and by which task. */
interface Made {
  readonly instance: Instance;
  readonly play: Play;
  readonly change: Change;
}

export interface RollOptions extends OperationContext {
  /** Made when it is first needed: not every playbook has a cluster. */
  guide(): RollingGuide;
  readonly context: ModuleContext;
  /** A change as the journal has it. */
  journaled(instance: Instance, play: Play, change: Change): Omit<JournaledChange, 'n'>;
  /** Called for each change that was taken back. */
  restored(instance: Instance, play: Play, change: Change): void;
}

/** Keeps what a run has changed, sees to it that rolling plays leave hosts well, and takes back what does not. */
export class Roll {
  readonly #options: RollOptions;
  readonly #made: Made[] = [];
  /** Hosts that were not well before the run's first change, and have not been since, by gate. */
  readonly #ill = new Map<string, Set<string>>();

  constructor(options: RollOptions) {
    this.#options = options;
  }

  note(made: Made): void {
    this.#made.push(made);
  }

  async order({ rolling }: Play, hosts: readonly string[]): Promise<readonly string[]> {
    if (!rolling || hosts.length < 2) return hosts;
    return this.#options.guide().order(rolling, hosts);
  }

  /**
   * Asks the gate of what a plan is to interrupt first, before anything is changed: refused later, the cluster has its
   * new settings already. What the plan starts may be what repairs it; then the gate is asked in its turn.
   */
  async foresee(reports: readonly TaskReport[]): Promise<void> {
    const position = reports.findIndex((report) => report.play.rolling && interrupts(report));
    const first = reports[position];
    if (!first || reports.slice(0, position).some(mayRepair)) return;
    const own = reports.filter(({ play }) => play.at === first.play.at);
    if (own.some((report) => does(report, 'start'))) return;
    const hosts = own.filter(interrupts).map(({ host }) => host);
    const [host] = await this.order(first.play, [...new Set(hosts)]);
    if (host !== undefined) await this.permit(first.play, host, true);
  }

  /** Takes note, ahead of the first change, of the hosts of rolling plays that are not well: nothing that they lack is the run's doing. */
  async examine(reports: readonly TaskReport[]): Promise<void> {
    const looks = new Map<string, () => Promise<void>>();
    for (const { host, play, status } of reports) {
      const { rolling } = play;
      if (!rolling || !['changed', 'deferred'].includes(status)) continue;
      looks.set(`${rolling.gate} ${host}`, async () => {
        if ((await this.#options.guide().missing(rolling, host)) === undefined) return;
        const ill = this.#ill.get(rolling.gate) ?? new Set();
        this.#ill.set(rolling.gate, ill.add(host));
      });
    }
    await Promise.all([...looks.values()].map((look) => look()));
  }

  /** Throws when something is about to be interrupted that the cluster can't spare now. */
  async permit({ rolling, name }: Play, host: string, ahead = false): Promise<void> {
    if (!rolling) return;
    // A play before may have mended it: what it lacks after this is the run's doing.
    if (this.#wasIll(rolling, host) && (await this.#options.guide().missing(rolling, host)) === undefined)
      this.#ill.get(rolling.gate)?.delete(host);
    const reason = await this.#options.guide().refusal(rolling, host, ahead);
    if (reason !== undefined) {
      throw new UnhealthyError(`${host}: "${name}" would interrupt it, and ${reason}`, {
        hint: 'drover verify shows what is wrong; a member at a time may be out',
      });
    }
  }

  /**
   * Waits until a host that a play has changed is well; throws when it does not get there. One that was ill before is let
   * be: a later play's change may be what mends it, and the plays after look for themselves.
   */
  async settle(play: Play, host: string): Promise<void> {
    const { rolling, name } = play;
    const own = this.#made.filter((made) => made.play === play && made.instance.host === host);
    if (!rolling || own.length === 0) return;
    const wasIll = this.#wasIll(rolling, host) && !own.some(({ change }) => makes(change));
    const waits = !wasIll || own.some(({ change }) => starts(change));
    const missing = await this.#await(rolling, host, waits ? settleWithin : 0);
    if (missing === undefined) {
      this.#ill.get(rolling.gate)?.delete(host);
      return;
    }
    const message = `${host} is not well after "${name}": ${missing}`;
    if (!wasIll)
      throw new UnhealthyError(message, { hint: 'the hosts that were not reached are as they were' });
    this.#options.emit({ type: 'warning', message: `${message}; nor was it before` });
  }

  /**
   * Gives a host its former files back, and the cluster the settings that this run gave it as a whole. Returns what
   * the host still lacks then; undefined when there was nothing to take back.
   */
  async takeBack(play: Play, host: string): Promise<string | undefined> {
    const { rolling } = play;
    if (!rolling) return undefined;
    const steps = this.#made.flatMap((made) => {
      const concerned = made.instance.task.runOnce || (made.play === play && made.instance.host === host);
      const operations = concerned
        ? revertOf(made.instance.task.module, made.change, this.#options.context)
        : [];
      return operations.length === 0 ? [] : [{ ...made, operations }];
    });
    if (steps.length === 0) return undefined;
    for (const { instance, operations, play: of, change } of steps) {
      const { diff: _, ...entry } = this.#options.journaled(instance, of, change);
      const { status, stderr } = await perform(instance, operations, this.#options, {
        ...entry,
        action: 'restore',
      });
      if (status !== 0) return `${change.resource} could not be taken back: ${stderr.trim()}`;
      this.#options.fleet.epoch++;
      this.#options.restored(instance, of, change);
    }
    const missing = await this.#await(rolling, host, this.#wasIll(rolling, host) ? 0 : settleWithin);
    return missing === undefined
      ? 'with what it had before it is well again'
      : `with what it had before it is still not well: ${missing}`;
  }

  #wasIll({ gate }: Rolling, host: string): boolean {
    return this.#ill.get(gate)?.has(host) === true;
  }

  async #await(rolling: Rolling, host: string, seconds: number): Promise<string | undefined> {
    const { emit, checkpoint, signal, clock, fleet } = this.#options;
    const guide = this.#options.guide();
    const what = `${rolling.gate} on ${host}`;
    const waited = await until(
      async () => {
        const missing = await guide.missing(rolling, host);
        return missing === undefined ? { done: true } : { missing };
      },
      {
        within: seconds,
        every: lookEvery,
        waiting: (state) => emit({ type: 'api', host, what, state }),
        signal,
        checkpoint,
        clock,
      },
    );
    if (waited.looks > 1) {
      emit({ type: 'wait', host, what, seconds: waited.seconds });
      fleet.epoch++;
    }
    return 'missing' in waited ? waited.missing : undefined;
  }
}

function interrupts({ instances }: TaskReport): boolean {
  return instances.some(({ outcome }) => outcome.changes.some(({ disrupts }) => disrupts !== undefined));
}

/** Whether the change makes a member, or a part of one: a host without is not ill. */
function makes({ action }: Change): boolean {
  return ['create', 'install'].includes(action);
}

/** Whether what the change starts may take its time. */
function starts({ action }: Change): boolean {
  return ['start', 'restart', 'run'].includes(action);
}

function mayRepair(report: TaskReport): boolean {
  // A deferred look repairs nothing, unless it waits for something.
  const { module, until } = report.task;
  return (
    (report.status === 'deferred' && (!module.readOnly || until !== undefined)) ||
    does(report, 'start', 'restart', 'run')
  );
}

function does({ instances }: TaskReport, ...actions: Change['action'][]): boolean {
  return instances.some(({ outcome }) => outcome.changes.some(({ action }) => actions.includes(action)));
}

function revertOf(module: Module, change: Change, context: ModuleContext) {
  return module.prepare(change, context).revert;
}
