import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { didYouMean } from '../../core/diagnostics.ts';
import { entryOf, type MapEntry, type MapNode, type Node } from '../../core/node.ts';
import * as z from 'zod';
import { defineModule, type Module } from '../../modules/define-module.ts';
import { changeFields, inSync } from '../../plan/change.ts';
import { isTemplate } from '../../vars/template.ts';
import { importedFiles } from '../component-folders.ts';
import { readYaml, shortPath, type Problems } from '../files.ts';
import { inherit, inheritable, type Inherited } from './inherited.ts';
import { KeywordReader } from './keywords.ts';
import type { TaskOrBlock, Task } from './model.ts';
import { checkParams, readParams } from './params.ts';
import { sourceOf } from './sources.ts';

/** The names that a playbook may use, beside the language's own. */
export interface Vocabulary {
  readonly modules: ReadonlyMap<string, Module>;
  /** What `rolling:` may name; the first order is the default. */
  readonly rolling: { readonly orders: readonly string[]; readonly gates: readonly string[] };
}

/** What the readers of one playbook share. */
export interface LoadContext extends Vocabulary {
  readonly problems: Problems;
  readonly folders: Set<string>;
  /** Files of tasks that are being read, each included by the one before it. */
  readonly including: string[];
  nextId: number;
}

/** Keywords of `include_tasks`, as Ansible has them. */
export const ofIncludes = ['name', 'when', 'tags', 'vars', 'ignore_errors', 'no_log', 'run_once'];

const includeTasks = defineModule({
  name: 'include_tasks',
  docs: { summary: 'Takes in the tasks of a file.', example: '- include_tasks: more.yml' },
  params: z.strictObject({}),
  change: z.strictObject({ ...changeFields }),
  readOnly: true,
  needs: () => ({}),
  diff: () => inSync(),
  apply: () => [],
  writes: () => [],
  aim: () => 'tasks of a file',
});

export const taskOnly = [
  'register',
  'loop',
  'loop_control',
  'check_mode',
  'changed_when',
  'failed_when',
  'until',
  'retries',
  'delay',
  'provides',
  'timeout',
  'args',
  'any_errors_fatal',
];

const instead: Readonly<Record<string, string>> = {
  notify:
    'there are no handlers: name what makes a restart necessary in restart_on or reload_on of the service task',
  listen: 'there are no handlers: use restart_on or reload_on of the service task',
  with_items: 'write loop: …',
  with_dict: 'write loop: … over a list',
  with_fileglob: 'write loop: … over a list',
  local_action: 'write the module itself, and delegate_to: localhost',
  connection: 'a host is reached in one way: connection of its plays, or ansible_connection in the inventory',
  async: 'a task may take as long as its timeout: says',
  poll: 'a task may take as long as its timeout: says',
  include: 'write import_tasks: …',
  roles: 'write import_tasks: … or import_playbook: …',
  include_role: 'write import_tasks: …',
  import_role: 'write import_tasks: …',
  remote_user: 'set ansible_user in the inventory, or -u',
};

/** Reads a list of tasks and blocks. */
export function readTasks(node: Node | undefined, inherited: Inherited, context: LoadContext): TaskOrBlock[] {
  if (!node || (node.kind === 'scalar' && node.value === null)) return [];
  if (node.kind !== 'list') {
    context.problems.add({ message: 'tasks are a list', at: node.range });
    return [];
  }
  return node.items.flatMap((item) => {
    if (item.kind === 'map') return readTaskOrBlock(item, inherited, context);
    context.problems.add({ message: 'a task is a map', at: item.range });
    return [];
  });
}

function readTaskOrBlock(map: MapNode, inherited: Inherited, context: LoadContext): TaskOrBlock[] {
  const reader = new KeywordReader(map, context.problems);
  if (entryOf(map, 'block')) return readBlock(map, reader, inherited, context);
  const imported = findModuleKey(map, 'import_tasks');
  if (imported) return readImport(map, imported, reader, inherited, context);
  const included = findModuleKey(map, 'include_tasks');
  if (included) return readInclude(map, included, reader, inherited, context);
  const task = readTask(map, reader, inherited, context);
  return task ? [task] : [];
}

function readBlock(
  map: MapNode,
  reader: KeywordReader,
  outer: Inherited,
  context: LoadContext,
): TaskOrBlock[] {
  refuseUnknown(map, ['block', 'rescue', 'always', ...inheritable], context.problems);
  const inner = inherit(reader, outer);
  const tasksAt = (key: string) => readTasks(reader.node(key), inner, context);
  const [tasks, rescue, always] = [tasksAt('block'), tasksAt('rescue'), tasksAt('always')];
  if (rescue.length === 0 && always.length === 0) return tasks;
  return [{ kind: 'block', tasks, rescue, always }];
}

function readImport(
  map: MapNode,
  entry: MapEntry,
  reader: KeywordReader,
  outer: Inherited,
  context: LoadContext,
): TaskOrBlock[] {
  refuseUnknown(map, [entry.key, ...inheritable], context.problems);
  return readNamed(entry, inherit(reader, outer), context);
}

/** As in Ansible, what it says is its own business and not that of its tasks, but for variables. */
function readInclude(
  map: MapNode,
  entry: MapEntry,
  reader: KeywordReader,
  outer: Inherited,
  context: LoadContext,
): TaskOrBlock[] {
  refuseUnknown(map, [entry.key, ...ofIncludes], context.problems);
  const own = inherit(reader, outer);
  const includeVars = new Map([...outer.includeVars, ...reader.vars()]);
  const task: Task = {
    ...bare(context.nextId++, entry, includeTasks),
    ...own,
    vars: outer.vars,
    includeVars,
    at: entryOf(map, 'name')?.value.range ?? entry.keyRange,
    name: reader.text('name'),
  };
  const tasks = readNamed(entry, { ...outer, includeVars }, context);
  return [{ kind: 'include', task, tasks }];
}

/** A task of which nothing is said. */
function bare(id: number, { keyRange }: MapEntry, module: Module) {
  return {
    kind: 'task' as const,
    id,
    module,
    params: { kind: 'map' as const, entries: [], range: keyRange },
    source: undefined,
    loop: undefined,
    loopVariable: 'item',
    loopLabel: undefined,
    register: undefined,
    checkMode: undefined,
    changedWhen: undefined,
    failedWhen: undefined,
    until: undefined,
    retries: 0,
    delay: 0,
    provides: undefined,
    timeout: undefined,
  };
}

/** The tasks of the file that an import or include names. */
function readNamed(include: MapEntry, inner: Inherited, context: LoadContext): TaskOrBlock[] {
  if (include.value.kind === 'map') refuseUnknown(include.value, ['file'], context.problems);
  const named =
    include.value.kind === 'map' ? (entryOf(include.value, 'file')?.value ?? include.value) : include.value;
  const file = named.kind === 'scalar' && typeof named.value === 'string' ? named.value : undefined;
  if (file === undefined || isTemplate(file)) {
    context.problems.add({
      message: `${include.key} takes the name of a file`,
      at: named.range,
      hint: 'a name with an expression could not be checked beforehand: use when',
    });
    return [];
  }
  return importedFiles(inner.folder, file, named.range, context.problems).flatMap((path) => {
    if (existsSync(path)) return readTaskFile(path, named, inner, context);
    context.problems.add({
      message: `there is no file ${file}`,
      at: named.range,
      hint: `looked for ${path}`,
    });
    return [];
  });
}

function readTaskFile(path: string, named: Node, inherited: Inherited, context: LoadContext): TaskOrBlock[] {
  const { including } = context;
  if (including.includes(path)) {
    const way = [...including.slice(including.indexOf(path)), path].map(shortPath);
    context.problems.add({ message: `tasks import each other: ${way.join(' -> ')}`, at: named.range });
    return [];
  }
  context.folders.add(dirname(path));
  including.push(path);
  const root = readYaml(path, context.problems);
  const tasks = readTasks(root, { ...inherited, folder: dirname(path) }, context);
  including.pop();
  return tasks;
}

function readTask(
  map: MapNode,
  reader: KeywordReader,
  outer: Inherited,
  context: LoadContext,
): Task | undefined {
  const { problems } = context;
  const keywords = [...inheritable, ...taskOnly];
  const others = map.entries.filter((entry) => !keywords.includes(entry.key));
  for (const entry of others.filter(({ key }) => key in instead)) {
    problems.add({
      message: `${entry.key} is not supported`,
      at: entry.keyRange,
      hint: instead[entry.key] ?? '',
    });
  }
  const named = others.filter(({ key }) => !(key in instead));
  const known = named.filter(({ key }) => moduleOf(key, context.modules));
  for (const entry of named.filter(({ key }) => !moduleOf(key, context.modules))) {
    const words = known.length > 0 ? keywords : [...context.modules.keys(), ...keywords, 'block'];
    const what = known.length > 0 ? 'keyword' : 'module or keyword';
    problems.add({
      message: `unknown ${what} "${entry.key}"`,
      at: entry.keyRange,
      ...nearest(entry.key, words),
    });
  }
  const [entry, second] = known;
  if (second) {
    problems.add({
      message: `two modules in one task: ${entry?.key ?? ''} and ${second.key}`,
      at: second.keyRange,
    });
  }
  if (!entry) {
    if (others.length === 0) problems.add({ message: 'this task names no module', at: map.range });
    return undefined;
  }
  const module = moduleOf(entry.key, context.modules);
  if (!module) return undefined;
  const params = readParams(entry, module, reader.map('args'), problems);
  const inner = inherit(reader, outer);
  const loopControl = reader.map('loop_control') ?? { kind: 'map', entries: [], range: map.range };
  refuseUnknown(loopControl, ['loop_var', 'label'], problems);
  const control = new KeywordReader(loopControl, problems);
  const task: Task = {
    kind: 'task',
    id: context.nextId++,
    at: entryOf(map, 'name')?.value.range ?? entry.keyRange,
    name: reader.text('name'),
    module,
    params,
    source: sourceOf(module, params, outer.folder, problems),
    loop: reader.node('loop'),
    loopVariable: control.name('loop_var') ?? 'item',
    loopLabel: control.text('label'),
    register: reader.name('register'),
    checkMode: reader.boolean('check_mode'),
    changedWhen: reader.conditions('changed_when'),
    failedWhen: reader.conditions('failed_when'),
    until: reader.conditions('until'),
    retries: reader.number('retries') ?? (reader.node('until') ? 3 : 0),
    delay: reader.number('delay') ?? 5,
    provides: reader.provides('provides'),
    timeout: reader.number('timeout'),
    ...inner,
  };
  if (task.loop) reader.checkTemplates(task.loop);
  reader.checkTemplates(params);
  checkParams(task, problems);
  return task;
}

function nearest(word: string, words: readonly string[]): { hint?: string } {
  const { hint } = didYouMean(word, words);
  return hint?.startsWith('did') ? { hint } : {};
}

/** A module by its name, with or without the prefix of Ansible's own collection. */
function moduleOf(key: string, modules: ReadonlyMap<string, Module>): Module | undefined {
  return modules.get(key.replace(/^ansible\.(builtin|legacy|posix)\./, ''));
}

function findModuleKey(map: MapNode, name: string): MapEntry | undefined {
  return entryOf(map, name) ?? entryOf(map, `ansible.builtin.${name}`);
}

function refuseUnknown(map: MapNode, known: readonly string[], problems: Problems): void {
  for (const entry of map.entries.filter(({ key }) => !known.includes(key))) {
    const hint = instead[entry.key];
    problems.add({
      message: hint === undefined ? `unknown keyword "${entry.key}"` : `${entry.key} is not supported`,
      at: entry.keyRange,
      ...(hint === undefined ? nearest(entry.key, known) : { hint }),
    });
  }
}
