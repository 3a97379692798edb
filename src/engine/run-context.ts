import { createHash } from 'node:crypto';
import { becomeOf, becomeVariables, refusal } from '../config/become.ts';
import { scopeOf, type RunVariables } from '../config/host-variables.ts';
import { tasksOf, type Play, type Task } from '../config/playbook/model.ts';
import { memoize } from '../core/memo.ts';
import { InterruptedError, InvalidInputError, UnreachableError } from '../core/errors.ts';
import type { BecomeMethod } from '../shell/become.ts';
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

const oneWay =
  'a host has one way: the same become_method in all its plays, or ansible_become_method in the inventory';

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
      becomeMethod: (host) => this.becomeMethod(host),
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
      become: (at, task, scope) => {
        if (![play.vars, task.vars].some((vars) => becomeVariables.some((name) => vars.has(name))))
          return this.#become(at);
        const given = becomeOf(scope, at);
        if (given.method === undefined || given.method === this.becomeMethod(at)) return given;
        const problem = `${given.method} is not the way that this host has already`;
        throw refusal(scope, at, 'ansible_become_method', problem, oneWay);
      },
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

  /** How tasks become root on a host: one way for all of them, as facts are collected by it as well. */
  readonly becomeMethod = memoize((host: string): BecomeMethod => {
    const own = this.#become(host).method;
    if (own) return own;
    const wayOf = ({ becomeMethod = 'sudo' }: Task): BecomeMethod => becomeMethod;
    const tasks = this.#tasksOn(host).filter(({ become = this.options.become }) => become);
    const first = tasks[0] ? wayOf(tasks[0]) : 'sudo';
    const other = tasks.find((task) => wayOf(task) !== first);
    if (!other) return first;
    const message = `become_method: this task becomes root by ${wayOf(other)}, and others by ${first}`;
    throw new InvalidInputError([{ message, at: other.at, hint: oneWay, hosts: [host] }]);
  });

  /** The tasks of a host's plays, and any that is delegated: whose place may depend on facts. */
  #tasksOn(host: string): Task[] {
    return this.options.plays.flatMap(({ play, hosts }) =>
      [...tasksOf(play.tasks)].filter(({ delegateTo }) => delegateTo ?? hosts.includes(host)),
    );
  }

  /** Whether anything in the run is done as root by become; only then are facts collected so. */
  readonly needsRoot = memoize((host: string): boolean => {
    const { become: byDefault } = this.options;
    return this.#become(host).become ?? this.#tasksOn(host).some(({ become = byDefault }) => become);
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
