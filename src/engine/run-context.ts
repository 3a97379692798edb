import { createHash } from 'node:crypto';
import { becomeOf, becomeVariables } from '../config/become.ts';
import { scopeOf, type RunVariables } from '../config/host-variables.ts';
import { tasksOf, type Play } from '../config/playbook/model.ts';
import { memoize } from '../core/memo.ts';
import { InterruptedError, UnreachableError } from '../core/errors.ts';
import { matchesScramVerifier } from '../core/scram.ts';
import type { ModuleContext } from '../modules/define-module.ts';
import type { Scope } from '../vars/scope.ts';
import type { BatchWalk } from './tasks/batch-walk.ts';
import { Bindings } from './tasks/bindings.ts';
import { Evaluations } from './tasks/evaluations.ts';
import { Fleet } from './hosts/fleet.ts';
import type { HostRun } from './hosts/host-run.ts';
import type { Bound } from './tasks/instance.ts';
import type { Journal } from './journal/journal.ts';
import type { RunOptions } from './run-options.ts';
import { Walker } from './tasks/walker.ts';
import type { Strategy } from './tasks/strategy.ts';

/** The hosts of a play that are in the run, and those of them that are done together. */
export interface PlayHosts {
  readonly hosts: readonly string[];
  readonly batch: readonly string[];
}

/** What planning and applying have in common: the hosts, their variables, and the way through a play. */
export class RunContext {
  readonly options: RunOptions;
  readonly fleet: Fleet;
  readonly context: ModuleContext;
  readonly #evaluations = new Evaluations<Bound[]>();
  readonly #bindings: Bindings;
  #texts = 0;
  /** A short name of a long text. */
  readonly #numberOf = memoize((_text: string) => this.#texts++);

  constructor(options: RunOptions) {
    const { vault, emit } = options;
    this.options = options;
    this.fleet = new Fleet({
      connect: (host) => options.connect(host),
      vault,
      emit,
      needsRoot: (host) => this.needsRoot(host),
      signal: options.signal,
      checkpoint: () => this.checkpoint(),
    });
    this.context = {
      digest: memoize((text: string) => createHash('sha256').update(vault.reveal(text)).digest('hex')),
      encode: (text) => Buffer.from(vault.reveal(text)).toString('base64'),
      redact: (text) => vault.redact(text),
      matchesScram: (verifier, password) => matchesScramVerifier(verifier, vault.reveal(password)),
    };
    this.#bindings = new Bindings(this.context);
  }

  /** Those that can be reached. */
  alive(hosts: readonly string[]): string[] {
    return hosts.filter((host) => this.fleet.has(host) && !this.fleet.unreachable.has(host));
  }

  /** Whether the run acts as root on a host, by become or by its login: only root can hold the lock and write the journal. */
  isRooted(host: HostRun): boolean {
    return host.isRoot(this.needsRoot(host.name));
  }

  /** The journal, where the host keeps one: not without root. */
  journalOf(host: string): Journal | undefined {
    return this.isRooted(this.fleet.get(host)) ? this.options.journal : undefined;
  }

  /** Throws when the run is to stop. */
  checkpoint(): void {
    const { signal, journal, id } = this.options;
    if (!signal.aborted) return;
    throw new InterruptedError(
      'interrupted; what was begun is finished, nothing more was started',
      journal?.isResumable ? { hint: `drover resume ${id} goes on with it` } : {},
    );
  }

  walker(
    host: string,
    play: Play,
    { hosts, batch }: PlayHosts,
    strategy: Strategy,
    together: BatchWalk,
  ): Walker {
    const become = play.become ?? this.options.become;
    const among = this.#numberOf([hosts.join(' '), batch.join(' '), String(become)].join('\t'));
    return new Walker({
      host,
      play: { ...play, become },
      strategy,
      together,
      bindings: this.#bindings,
      keys: this.options.keys,
      redact: (text) => this.context.redact(text),
      become: (at, task, scope) =>
        [play.vars, task.vars].some((vars) => becomeVariables.some((name) => vars.has(name)))
          ? becomeOf(scope, at)
          : this.#become(at),
      registered: this.fleet.get(host).registered,
      scope: (task) =>
        scopeOf(
          this.options.variables,
          host,
          (name) => this.#runVariables(name, host, { together, task: task.id }),
          { vars: play.vars, hosts, batch },
          task,
        ),
      recall: (task, work) => this.#evaluations.recall(`${task.id} ${among} ${host}`, work),
      selects: (task) => this.options.selects(task),
      checkpoint: () => this.checkpoint(),
    });
  }

  /** What a host's variables say; a play and its tasks may have their own. */
  readonly #become = memoize((host: string) => becomeOf(this.scope(host), host));

  /** Whether anything in the run is done as root by become; only then are facts collected so. */
  readonly needsRoot = memoize((host: string): boolean => {
    const { become, plays } = this.options;
    return (
      this.#become(host).become ??
      (become ||
        plays.some(({ play }) => play.become ?? [...tasksOf(play.tasks)].some((task) => task.become)))
    );
  });

  /** A host's variables, with what the run knows of it. */
  scope(host: string): Scope {
    return scopeOf(this.options.variables, host, (name) => this.#runVariables(name));
  }

  /** What the run knows of a host, to a task of another. */
  #runVariables(
    host: string,
    of = host,
    walk?: { readonly together: BatchWalk; readonly task: number },
  ): RunVariables {
    const run = this.fleet.has(host) ? this.fleet.get(host) : undefined;
    const registered = run?.registered ?? new Map<string, never>();
    return this.#evaluations.watch({
      facts: () => {
        if (!run) throw new UnreachableError(`the facts of ${host} are asked for, and it is not in this run`);
        return run.facts();
      },
      registered: host === of || !walk ? registered : walk.together.resultsOf(host, walk.task, registered),
      secrets: this.options.secrets,
    });
  }
}
