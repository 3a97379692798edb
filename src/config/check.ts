import { didYouMean, mergeHosts, type Diagnostic } from '../core/diagnostics.ts';
import { memoize } from '../core/memo.ts';
import { nodeAt, scalarsOf, type Node, type ScalarNode } from '../core/node.ts';
import type { SourceRange } from '../core/source.ts';
import { freeNames, type FreeName } from '../vars/free-names.ts';
import { NotYetKnown, type Layer, type Scope, type Variable } from '../vars/scope.ts';
import {
  isTemplate,
  templateOfExpression,
  templateOfFile,
  templateOfScalar,
  TemplateError,
} from '../vars/template.ts';
import { textOf } from '../vars/value.ts';
import { checkNames, givenNames, givenScalars, type GivenName } from './check-names.ts';
import type { Declaration, Declarations } from './declarations.ts';
import type { Problems } from './files.ts';
import type { Inventory } from './inventory/model.ts';
import { PatternError, selectHosts } from './inventory/patterns.ts';
import { namesSetBy, noDelegation, tasksOf, type Condition, type Play, type Task } from './playbook/model.ts';
import { expressionsOf } from './validate.ts';
import { valueProblem } from './value-problem.ts';

/** Problems that several hosts share are reported once, with the hosts. */
class HostProblems {
  readonly #found: Diagnostic[] = [];

  add(host: string, diagnostic: Diagnostic): void {
    this.#found.push({ ...diagnostic, hosts: [host] });
  }

  /** Moves all to the problems; hosts are named only where not all of them are concerned. */
  report(problems: Problems, allHosts: number): void {
    for (const { hosts, ...diagnostic } of mergeHosts(this.#found))
      problems.add(hosts.length === allHosts ? diagnostic : { ...diagnostic, hosts });
  }
}

export interface CheckInput {
  readonly inventory: Inventory;
  /** The variables of `-e`. */
  readonly extra: Layer;
  /** The variables that no host has for itself. */
  readonly general: Scope;
  readonly plays: readonly Play[];
  readonly declarations: Declarations;
  /** A host's scope in a play, without facts. */
  readonly scopeOf: (host: string, play: Play) => Scope;
}

/**
 * Checks what can be known without hosts: patterns, names of variables, and declared variables' values. Returns what
 * inventory and command line set and nothing reads.
 */
export function checkRun(
  { inventory, extra, general, plays, declarations, scopeOf }: CheckInput,
  problems: Problems,
): GivenName[] {
  const used = new Set(givenScalars(inventory).flatMap(namesIn));
  const registered = new Set<string>();
  for (const play of plays) {
    const hosts = hostsOfPlay(inventory, play, general, problems);
    const tasks = [...tasksOf(play.tasks)];
    const found = new HostProblems();
    for (const host of hosts) {
      const report = (diagnostic: Diagnostic) => found.add(host, diagnostic);
      const checker = new NameChecker(scopeOf(host, play), registered, used, report);
      tasks.forEach((task) => checker.task(task));
    }
    found.report(problems, hosts.length);
    for (const { delegateTo } of tasks) {
      const problem = delegateTo && delegationProblem(inventory, delegateTo);
      if (problem) problems.add(problem);
    }
    tasks.forEach((task) => namesSetBy(task).forEach((name) => registered.add(name)));
  }
  const given = givenNames(inventory, extra);
  checkNames(given, declarations, used, problems);
  checkValues(inventory, plays, declarations, scopeOf, problems);
  return given.filter(({ name }) => !used.has(name));
}

/** Only what the inventory names can be reached, and the controller. */
function delegationProblem(inventory: Inventory, { value, range: at }: ScalarNode): Diagnostic | undefined {
  if (typeof value !== 'string' || isTemplate(value) || inventory.hostNamed(value)) return undefined;
  return noDelegation(value, at);
}

/** The names in a text's templates, as far as they can be read. */
function namesIn(scalar: ScalarNode): string[] {
  try {
    return namesOfScalar(scalar).map(({ name }) => name);
  } catch (error) {
    if (error instanceof TemplateError) return [];
    throw error;
  }
}

/** The hosts of a play, whose pattern may hold expressions; one that fits nothing it names is a problem. */
export function hostsOfPlay(
  inventory: Inventory,
  play: Play,
  variables: Scope,
  problems: Problems,
): string[] {
  try {
    return selectHosts(inventory, patternOf(play.hosts, variables));
  } catch (error) {
    if (error instanceof TemplateError) {
      problems.add(error.diagnostic);
      return [];
    }
    if (!(error instanceof PatternError)) throw error;
    problems.add({
      message: error.message,
      at: play.hosts.range,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
    return [];
  }
}

function patternOf(hosts: ScalarNode, variables: Scope): string {
  if (!isTemplate(hosts.text)) return hosts.text;
  const pattern = textOf(variables.render(hosts));
  if (pattern === undefined) throw new PatternError('hosts must be text', 'join makes text of a list');
  return pattern;
}

class NameChecker {
  readonly #scope: Scope;
  readonly #registered: Set<string>;
  readonly #used: Set<string>;
  readonly #report: (diagnostic: Diagnostic) => void;
  readonly #visited = new Set<string>();

  /** Adds to the names that are used. */
  constructor(
    scope: Scope,
    registered: ReadonlySet<string>,
    used: Set<string>,
    report: (diagnostic: Diagnostic) => void,
  ) {
    this.#scope = scope;
    this.#used = used;
    this.#registered = new Set(registered);
    this.#report = report;
  }

  task(task: Task): void {
    const local = new Set([
      ...task.vars.keys(),
      ...task.includeVars.keys(),
      ...(task.loop ? [task.loopVariable, 'loop_index'] : []),
    ]);
    const own = task.register === undefined ? local : new Set([...local, task.register]);
    for (const variable of [...task.vars.values(), ...task.includeVars.values()])
      this.#variable(variable, local);
    if (task.loop) this.#node(task.loop, new Set([...task.vars.keys(), ...task.includeVars.keys()]));
    this.#conditions(task.when, local);
    for (const conditions of [task.until, task.changedWhen, task.failedWhen])
      this.#conditions(conditions ?? [], own);
    for (const entry of task.params.entries) {
      if (expressionsOf(task.module.params).has(entry.key)) this.#expressions(entry.value, local);
      else this.#node(entry.value, local);
    }
    if (task.environment) this.#node(task.environment, local);
    if (task.provides) this.#node(task.provides, local);
    for (const scalar of [task.name, task.becomeUser, task.delegateTo, task.loopLabel]) {
      if (scalar) this.#node(scalar, local);
    }
    const { source } = task;
    if (source && 'text' in source && task.module.file?.render)
      this.#guard(() => this.#names(freeNames(templateOfFile(source)), local));
    namesSetBy(task).forEach((name) => this.#registered.add(name));
  }

  #conditions(conditions: readonly Condition[], local: ReadonlySet<string>): void {
    for (const condition of conditions)
      if ('template' in condition) this.#guard(() => this.#names(freeNames(condition.template), local));
  }

  #expressions(node: Node, local: ReadonlySet<string>): void {
    for (const scalar of scalarsOf(node)) {
      if (typeof scalar.value === 'string')
        this.#guard(() => this.#names(freeNames(templateOfExpression(scalar)), local));
    }
  }

  #node(node: Node, local: ReadonlySet<string>): void {
    for (const scalar of scalarsOf(node)) this.#guard(() => this.#names(namesOfScalar(scalar), local));
  }

  #variable(variable: Variable, local: ReadonlySet<string>): void {
    if ('node' in variable) this.#node(variable.node, local);
  }

  #names(names: readonly FreeName[], local: ReadonlySet<string>): void {
    for (const { name, at } of names) {
      if (local.has(name) || this.#registered.has(name)) continue;
      this.#used.add(name);
      const variable = this.#scope.raw(name);
      if (!variable) {
        const known = [...this.#scope.names(), ...local, ...this.#registered];
        const { hint } = didYouMean(name, known);
        const nearest = hint?.startsWith('did') ? { hint } : {};
        this.#report({ message: `unknown variable "${name}"`, ...(at ? { at } : {}), ...nearest });
      } else if (!this.#visited.has(name)) {
        this.#visited.add(name);
        this.#variable(variable, new Set());
      }
    }
  }

  /** Also reports templates that do not parse: those of variables are checked nowhere else. */
  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.#report(error.diagnostic);
    }
  }
}

/** Hosts share most of their variables. */
const namesOfScalar = memoize((scalar: ScalarNode): FreeName[] => {
  if (typeof scalar.value !== 'string' || scalar.verbatim || !isTemplate(scalar.value)) return [];
  return freeNames(templateOfScalar(scalar));
});

function checkValues(
  inventory: Inventory,
  plays: readonly Play[],
  { variables }: Declarations,
  scopeFor: CheckInput['scopeOf'],
  problems: Problems,
): void {
  const [play] = plays;
  if (!play || variables.size === 0) return;
  const found = new HostProblems();
  const wrongHosts = new Set<string>();
  for (const host of inventory.hosts.keys()) {
    const scope = scopeFor(host, play);
    const byOwn = [...variables.values()].sort(
      (one, other) => Number(isDefault(scope, one)) - Number(isDefault(scope, other)),
    );
    for (const declaration of byOwn) {
      if (!scope.has(declaration.name) || declaration.type === 'secret') continue;
      const variable = scope.raw(declaration.name);
      const node = variable && 'node' in variable ? variable.node : undefined;
      // What is wrong with a default comes of what the inventory says otherwise.
      const own = isDefault(scope, declaration) ? undefined : node;
      try {
        const value = scope.get(declaration.name);
        const problem =
          value === undefined || value === null
            ? { message: 'has no value', path: [] }
            : valueProblem(declaration, value);
        if (problem) {
          const { path, message, hint } = problem;
          if (own) wrongHosts.add(host);
          // A default is made of others, which may have been told already.
          else if (wrongHosts.has(host)) continue;
          found.add(host, {
            message: `${[declaration.name, ...path].join('.')}${message.startsWith('"') ? ':' : ''} ${message}`,
            at: own ? nodeAt(own, path).range : placeOfDefault(declaration, inventory, host),
            ...(hint === undefined ? {} : { hint }),
          });
        }
      } catch (error) {
        if (error instanceof TemplateError) found.add(host, error.diagnostic);
        // What takes facts is checked when they are there.
        else if (!(error instanceof NotYetKnown)) throw error;
      }
    }
  }
  found.report(problems, inventory.hosts.size);
}

/** A default that is made of other variables is wrong by those of the host. */
function placeOfDefault({ at, defaultNode }: Declaration, inventory: Inventory, host: string): SourceRange {
  if (!defaultNode) return at;
  const isMade = [...scalarsOf(defaultNode)].some(({ text }) => isTemplate(text));
  return (isMade ? inventory.hosts.get(host)?.at : undefined) ?? defaultNode.range;
}

function isDefault(scope: Scope, { name, defaultNode }: Declaration): boolean {
  const variable = scope.raw(name);
  return variable !== undefined && 'node' in variable && variable.node === defaultNode;
}
