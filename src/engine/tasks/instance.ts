import * as z from 'zod';
import { findSource } from '../../config/playbook/sources.ts';
import type { Become } from '../../config/become.ts';
import { Problems } from '../../config/files.ts';
import {
  noDelegation,
  type Condition,
  type Play,
  type Provides,
  type Task,
} from '../../config/playbook/model.ts';
import { readConditions } from '../../config/playbook/keywords.ts';
import { expressionsOf, reportIssue } from '../../config/validate.ts';
import type { VaultKeys } from '../../config/vault.ts';
import { InvalidInputError } from '../../core/errors.ts';
import type { Node, ScalarNode } from '../../core/node.ts';
import { needRead } from '../../facts/script.ts';
import type { Need, Presumption } from '../../facts/need.ts';
import type { BoundTask, Module } from '../../modules/define-module.ts';
import { inSync, refused, type Verdict } from '../../plan/change.ts';
import { loginVariable } from '../../shell/become.ts';
import { quote } from '../../shell/quote.ts';
import { evaluateCondition, renderText, renderValue } from '../../vars/evaluate.ts';
import { NotYetKnown, type Scope, type Variable } from '../../vars/scope.ts';
import { isTemplate, templateOfFile, templateOfScalar, TemplateError } from '../../vars/template.ts';
import { kindOf, LazyMap, namesOf, propertyOf, textOf, type Value } from '../../vars/value.ts';
import type { Bindings } from './bindings.ts';
import { commandResult } from './command-result.ts';
import { lastLines } from '../../core/text.ts';

/** One task on one host, for one item of its loop: with its parameters, ready to be compared. */
export interface Instance {
  readonly task: Task;
  readonly host: string;
  /** What the play calls it, rendered. */
  readonly name: string;
  /** The item of a loop, for people. */
  readonly label: string | undefined;
  readonly scope: Scope;
  readonly bound: BoundTask;
  readonly needs: readonly Need<unknown>[];
  /** What its changes take for granted. */
  readonly presumes: readonly Presumption[];
  /** A command that only reads: its output is a fact. */
  readonly isRead: boolean;
  /** Root, or the login user. */
  readonly become: boolean;
  /** Another user than root to become. */
  readonly becomeUser: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly delegateTo: string | undefined;
  readonly provides: Provides | undefined;
  diff(lookUp: Parameters<BoundTask['diff']>[0]): Verdict;
  guard(lookUp: Parameters<BoundTask['guard']>[0]): Verdict | undefined;
}

/** What of a walk concerns the tasks that it binds. */
interface Binder {
  readonly host: string;
  readonly play: Pick<Play, 'become'>;
  readonly bindings: Bindings;
  /** What opens encrypted files. */
  readonly keys: VaultKeys;
  /** Masks what is secret. */
  redact(text: string): string;
  /** What variables say of who a task is done as on a host. */
  become(host: string, task: Task, scope: Scope): Become;
}

/** One of a task's loop, or all of a task without one. */
export interface LoopItem {
  readonly scope: Scope;
  readonly item: Value | undefined;
  /** Its place in the loop, from 0. */
  readonly place: number;
}

/** An item of a task's loop with its instance; without one its conditions do not hold. */
export interface Bound {
  readonly item: LoopItem;
  readonly instance: Instance | undefined;
}

/** The items of a task's loop with their scopes; one without an item when it has none. */
export function expandLoop(task: Task, scope: Scope): LoopItem[] {
  if (!task.loop) return [{ scope, item: undefined, place: 0 }];
  const items = scope.render(task.loop);
  if (!Array.isArray(items)) {
    const message = `loop needs a list, and this is ${kindOf(items)}`;
    throw new InvalidInputError([{ message, at: task.loop.range }]);
  }
  return items.map((item, place) => ({
    item,
    place,
    scope: scope.with(
      new Map<string, Variable>([
        [task.loopVariable, { value: item }],
        ['loop_index', { value: place }],
      ]),
    ),
  }));
}

/** Whether all conditions hold. */
export function conditionsHold(conditions: readonly Condition[], scope: Scope): boolean {
  return conditions.every((condition) =>
    'constant' in condition ? condition.constant : evaluateCondition(condition.template, scope),
  );
}

/**
 * Renders and parses a task's parameters; `open` takes the place of those that are not known yet. Throws
 * InvalidInputError, TemplateError or NotYetKnown.
 */
export function bindTask(
  task: Task,
  { scope, item, place }: LoopItem,
  binder: Binder,
  open?: string,
): Instance {
  const { host, play, bindings, keys } = binder;
  const params = renderParams(task, scope, keys, open);
  let bound: BoundTask;
  try {
    bound = bindings.bind(task, place, params);
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const problems = new Problems();
    for (const issue of error.issues)
      reportIssue(issue, task.params, task.module.params, problems, 'parameter');
    throw new InvalidInputError(problems.list.map((diagnostic) => ({ ...diagnostic, hosts: [host] })));
  }
  const named = renderedText(task.delegateTo, scope);
  const other = named === undefined ? undefined : propertyOf(scope.get('hostvars') ?? null, named);
  // The controller has several names.
  const otherName = other === undefined ? undefined : textOf(propertyOf(other, 'inventory_hostname') ?? null);
  const delegateTo = otherName === host ? undefined : otherName;
  if (task.delegateTo && named !== undefined && other === undefined)
    throw new InvalidInputError([{ ...noDelegation(named, task.delegateTo.range), hosts: [host] }]);
  // What is done on another host is compared with that one.
  const placed = <N extends Need<unknown>>(need: N): N =>
    delegateTo === undefined ? need : { host: delegateTo, ...need };
  const environment = Object.fromEntries(
    (task.environment?.entries ?? []).map((entry) => [entry.key, textOf(scope.render(entry.value)) ?? '']),
  );
  const given = binder.become(delegateTo ?? host, task, scope);
  const become = given.become ?? task.become ?? play.become ?? false;
  // Without become it is the login user, whatever become_user says.
  const user = become ? (given.user ?? renderedText(task.becomeUser, scope)) : undefined;
  const wrapped = { becomeUser: user === 'root' ? undefined : user, environment };
  const readScript =
    isRead(task) && bound.command !== undefined ? wrapScript(bound.command, wrapped) : undefined;
  const read = readScript === undefined ? undefined : needRead(become ? readScript : asLogin(readScript));
  const needs = read ? [read] : bound.needs;
  let label: string | undefined;
  return {
    task,
    host,
    name: binder.redact(nameOf(task, scope)),
    get label() {
      return item === undefined ? undefined : (label ??= labelOf(task, item, scope));
    },
    scope,
    bound,
    needs: delegateTo === undefined ? needs : needs.map(placed),
    presumes: delegateTo === undefined ? bound.presumes : bound.presumes.map(placed),
    isRead: read !== undefined,
    become,
    ...wrapped,
    delegateTo,
    provides: task.provides && (toPlain(scope.render(task.provides)) as Provides),
    diff: read
      ? (lookUp) => readVerdict(read.parse(lookUp(placed(read)) ?? []))
      : (lookUp) => bound.diff((need) => lookUp(placed(need))),
    guard: (lookUp) => (read ? undefined : bound.guard((need) => lookUp(placed(need)))),
  };
}

/** A command that declares that it only reads is run while collecting. */
export function isRead(task: Task): boolean {
  const [never] = task.changedWhen ?? [];
  return (
    task.module.isCommand &&
    task.checkMode === false &&
    never !== undefined &&
    'constant' in never &&
    !never.constant
  );
}

function readVerdict(output: { status: number; stdout: string; stderr: string }): Verdict {
  const result = commandResult(output);
  if (output.status === 0) return inSync(result);
  const reason = `it ended with ${output.status}: ${lastLines(output.stderr || output.stdout)}`;
  return refused(reason, 'run it by hand to see why', result);
}

/**
 * A script with its environment, run as another user where asked: there, too, it ends at the first failure. Neither goes
 * through an argument list.
 */
export function wrapScript(
  script: string,
  { becomeUser, environment }: Pick<Instance, 'becomeUser' | 'environment'>,
): string {
  const exports = Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('');
  const full = `${exports}${script}`;
  return becomeUser === undefined ? full : asUser(full, quote(becomeUser));
}

/** A script that runs as the login user in root's shell, too. */
export function asLogin(script: string): string {
  const login = `"\${${loginVariable}-}"`;
  return `if [ -n ${login} ]; then ${asUser(script, login)}; else\n${script}\nfi`;
}

function asUser(script: string, user: string): string {
  return `printf %s ${quote(script)} | runuser -u ${user} -- sh -c 'cd; set -e; eval "$(cat)"'`;
}

function renderParams(
  task: Task,
  scope: Scope,
  keys: VaultKeys,
  open: string | undefined,
): Record<string, unknown> {
  const { module } = task;
  const expressions = expressionsOf(module.params);
  const params: Record<string, unknown> = {};
  const orOpen = <T>(render: () => T): T | string => {
    try {
      return render();
    } catch (error) {
      if (open === undefined || !(error instanceof NotYetKnown)) throw error;
      return open;
    }
  };
  for (const { key, value } of task.params.entries) {
    const rendered = orOpen(() =>
      expressions.has(key) ? evaluateAll(value, key, scope) : toPlain(scope.render(value)),
    );
    // As in Ansible, a parameter that comes out as null is as good as not given.
    if (rendered !== null) params[key] = rendered;
  }
  const name = module.file && params[module.file.param];
  if (module.file && typeof name === 'string') {
    const source = task.source ?? sourceAtRunTime(task, module.file, name, keys);
    if ('tree' in source) params['tree'] = source.tree;
    else if (module.file.render) params['content'] = orOpen(() => renderText(templateOfFile(source), scope));
    else params['content'] = source.text;
  }
  return params;
}

function sourceAtRunTime(
  task: Task,
  file: NonNullable<Module['file']>,
  name: string,
  keys: VaultKeys,
): NonNullable<Task['source']> {
  const problems = new Problems(keys);
  const source = findSource(name, task.folder, file, task.params, problems);
  if (source) return source;
  throw new InvalidInputError(problems.list);
}

function evaluateAll(node: Node, key: string, scope: Scope): { text: string; holds: boolean }[] {
  const problems = new Problems();
  const conditions = readConditions(node, key, problems);
  if (problems.list.length > 0) throw new InvalidInputError(problems.list);
  return conditions.map((condition) => ({ text: condition.text, holds: conditionsHold([condition], scope) }));
}

/** Data without lazy maps, as schemas expect it. */
export function toPlain(value: Value): unknown {
  if (value instanceof LazyMap) {
    return Object.fromEntries(namesOf(value).map((name) => [name, toPlain(propertyOf(value, name) ?? null)]));
  }
  if (Array.isArray(value)) return value.map(toPlain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toPlain(inner)]));
}

function renderedText(node: ScalarNode | undefined, scope: Scope): string | undefined {
  return node === undefined ? undefined : textOf(scope.render(node));
}

/** A task's name; where it can't be rendered, as it is written. */
export function nameOf(task: Task, scope: Scope): string {
  if (!task.name) return task.module.name;
  const text = String(task.name.value);
  if (!isTemplate(text)) return text;
  try {
    return textOf(renderValue(templateOfScalar(task.name), scope)) ?? text;
  } catch {
    return text;
  }
}

function labelOf(task: Task, item: Value, scope: Scope): string {
  if (task.loopLabel) {
    try {
      return textOf(scope.render(task.loopLabel)) ?? '';
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
    }
  }
  const name =
    typeof item === 'object' && item !== null && !Array.isArray(item) ? propertyOf(item, 'name') : undefined;
  return typeof name === 'string'
    ? name
    : typeof item === 'object'
      ? JSON.stringify(toPlain(item))
      : String(item);
}
