import { createHash } from 'node:crypto';
import { scopeOf, type RunVariables } from '../config/host-variables.ts';
import { tasksOf, type Play } from '../config/playbook/model.ts';
import { InterruptedError, UnreachableError } from '../core/errors.ts';
import { matchesScramVerifier } from '../core/scram.ts';
import type { ModuleContext } from '../modules/define-module.ts';
import type { Layer, Scope } from '../vars/scope.ts';
import { Bindings } from './tasks/bindings.ts';
import { Evaluations } from './tasks/evaluations.ts';
import { Fleet } from './hosts/fleet.ts';
import type { Instance } from './tasks/instance.ts';
import type { Journal } from './journal/journal.ts';
import type { RunOptions } from './run-options.ts';
import type { OnceForAll } from './tasks/run-once.ts';
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
  readonly #evaluations = new Evaluations<Instance[]>();
  readonly #bindings: Bindings;
  readonly #rooted = new Map<string, boolean>();
  readonly #digests = new Map<string, string>();
  readonly #numbers = new Map<string, number>();

  constructor(options: RunOptions) {
    const { vault, emit } = options;
    this.options = options;
    this.fleet = new Fleet({
      connect: (host) => options.connect(host),
      vault,
      emit,
      needsRoot: (host) => this.needsRoot(host),
    });
    this.context = {
      digest: (text) => this.#digest(text),
      encode: (text) => Buffer.from(vault.reveal(text)).toString('base64'),
      redact: (text) => vault.redact(text),
      matchesScram: (verifier, password) => matchesScramVerifier(verifier, vault.reveal(password)),
    };
    this.#bindings = new Bindings(this.context);
  }

  /** Of a text's SHA-256; a plan asks for that of each file some times. */
  #digest(text: string): string {
    const known = this.#digests.get(text);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(this.options.vault.reveal(text)).digest('hex');
    this.#digests.set(text, digest);
    return digest;
  }

  /** Those that can be reached. */
  alive(hosts: readonly string[]): string[] {
    return hosts.filter((host) => this.fleet.has(host) && !this.fleet.unreachable.has(host));
  }

  /** The journal, where the host keeps one: not without root. */
  journalOf(host: string): Journal | undefined {
    return this.needsRoot(host) ? this.options.journal : undefined;
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
    once: OnceForAll,
  ): Walker {
    const become = play.become ?? this.#becomes(host);
    const among = this.#numberOf([hosts.join(' '), batch.join(' '), String(become)].join('\t'));
    return new Walker({
      host,
      play: { ...play, become },
      strategy,
      once,
      bindings: this.#bindings,
      registered: this.fleet.get(host).registered,
      scope: (task) => this.scope(host, { vars: play.vars, hosts, batch }, task),
      recall: (task, work) => this.#evaluations.recall(`${task.id} ${among} ${host}`, work),
      selects: (task) => this.options.selects(task),
      checkpoint: () => this.checkpoint(),
    });
  }

  /** A short name of a long text. */
  #numberOf(text: string): number {
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    return number;
  }

  #becomes(host: string): boolean {
    return this.options.become || this.scope(host).get('ansible_become') === true;
  }

  /** Whether anything in the run is done as root; only then are facts collected as root, and hosts locked. */
  needsRoot(host: string): boolean {
    const known = this.#rooted.get(host);
    if (known !== undefined) return known;
    const needs =
      this.#becomes(host) ||
      this.options.plays.some(
        ({ play }) => play.become ?? [...tasksOf(play.tasks)].some((task) => task.become),
      );
    this.#rooted.set(host, needs);
    return needs;
  }

  /** A host's variables, with what the run knows of it. */
  scope(host: string, play?: Parameters<typeof scopeOf>[3], task?: Layer): Scope {
    return scopeOf(this.options.variables, host, (name) => this.#runVariables(name), play, task);
  }

  #runVariables(host: string): RunVariables {
    const run = this.fleet.has(host) ? this.fleet.get(host) : undefined;
    return this.#evaluations.watch({
      facts: () => {
        if (!run) throw new UnreachableError(`the facts of ${host} are asked for, and it is not in this run`);
        return run.facts();
      },
      registered: run?.registered ?? new Map(),
      secrets: this.options.secrets,
    });
  }
}
