import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { didYouMean } from '../../core/diagnostics.ts';
import { entryOf, type MapNode, type Node } from '../../core/node.ts';
import type { Layer } from '../../vars/scope.ts';
import { importedFiles } from '../component-folders.ts';
import { readYaml, shortPath, type Problems } from '../files.ts';
import { variablesOf } from '../inventory/variable-files.ts';
import { toLayer } from '../inventory/model.ts';
import { validate } from '../validate.ts';
import { KeywordReader } from './keywords.ts';
import type { Condition, Play, Playbook, Rolling } from './model.ts';
import { readTasks, type LoadContext, type Vocabulary } from './tasks.ts';

export const playKeys = [
  'name',
  'hosts',
  'connection',
  'tasks',
  'pre_tasks',
  'post_tasks',
  'vars',
  'vars_files',
  'become',
  'become_user',
  'become_method',
  'serial',
  'rolling',
  'tags',
  'environment',
  'gather_facts',
  'any_errors_fatal',
  'ignore_errors',
  'no_log',
];

const instead: Readonly<Record<string, string>> = {
  handlers: 'there are no handlers: use restart_on or reload_on of the service task',
  roles: 'write import_tasks: … or import_playbook: …',
  strategy: 'hosts of a play run free of each other; a play is the barrier',
  vars_prompt: 'give the value with -e, or in secrets.yml',
  remote_user: 'set ansible_user in the inventory, or -u',
  max_fail_percentage: 'a failed host stops the batches after it',
};

/** What an import passes on to the plays it imports. */
interface Outer {
  readonly when: readonly Condition[];
  readonly tags: readonly string[];
  readonly vars: Layer;
}

/** Reads a playbook and all its imports. Errors in any of the files go to the problems. */
export function loadPlaybook(path: string, vocabulary: Vocabulary, problems: Problems): Playbook {
  const context: LoadContext = { ...vocabulary, problems, folders: new Set(), including: [], nextId: 1 };
  const plays = readPlaybook(resolve(path), { when: [], tags: [], vars: new Map() }, context, []);
  return { plays, folders: [...context.folders] };
}

function readPlaybook(path: string, outer: Outer, context: LoadContext, way: readonly string[]): Play[] {
  const { problems } = context;
  if (way.includes(path)) {
    problems.add({ message: `playbooks import each other: ${[...way, path].map(shortPath).join(' -> ')}` });
    return [];
  }
  context.folders.add(dirname(path));
  const before = problems.list.length;
  const root = readYaml(path, problems);
  if (!root) {
    if (problems.list.length === before) problems.add({ message: `${shortPath(path)} is empty` });
    return [];
  }
  if (root.kind !== 'list') {
    problems.add({ message: 'a playbook is a list of plays', at: root.range });
    return [];
  }
  return root.items.flatMap((item) => {
    if (item.kind !== 'map') {
      problems.add({ message: 'a play is a map', at: item.range });
      return [];
    }
    const imported = entryOf(item, 'import_playbook') ?? entryOf(item, 'ansible.builtin.import_playbook');
    if (imported) return readImport(item, imported.value, path, outer, context, way);
    const play = readPlay(item, dirname(path), outer, context);
    return play ? [play] : [];
  });
}

function readImport(
  map: MapNode,
  file: Node,
  from: string,
  outer: Outer,
  context: LoadContext,
  way: readonly string[],
): Play[] {
  const { problems } = context;
  refuseUnknown(
    map,
    ['import_playbook', 'ansible.builtin.import_playbook', 'name', 'when', 'tags', 'vars'],
    problems,
  );
  if (file.kind !== 'scalar' || typeof file.value !== 'string') {
    problems.add({ message: 'import_playbook takes the name of a file', at: file.range });
    return [];
  }
  const reader = new KeywordReader(map, problems);
  const inner: Outer = {
    when: [...outer.when, ...(reader.conditions('when') ?? [])],
    tags: [...outer.tags, ...(reader.strings('tags') ?? [])],
    vars: new Map([...outer.vars, ...reader.vars()]),
  };
  return importedFiles(dirname(from), file.value, file.range, problems).flatMap((path) =>
    readPlaybook(path, inner, context, [...way, from]),
  );
}

function readPlay(map: MapNode, folder: string, outer: Outer, context: LoadContext): Play | undefined {
  const { problems } = context;
  refuseUnknown(map, playKeys, problems);
  const reader = new KeywordReader(map, problems);
  const hosts = reader.text('hosts');
  if (!hosts) {
    if (!entryOf(map, 'hosts')) problems.add({ message: 'this play names no hosts', at: firstLine(map) });
    return undefined;
  }
  const name = reader.text('name')?.text ?? hosts.text;
  const fromFiles = (reader.strings('vars_files') ?? []).flatMap((file) => [
    ...toLayer(variablesOf(resolve(folder, file), problems)),
  ]);
  reader.refuseOtherBehaviour();
  const become = reader.boolean('become');
  const inherited = {
    folder,
    when: outer.when,
    tags: [...outer.tags, ...(reader.strings('tags') ?? [])],
    vars: new Map(),
    includeVars: new Map(),
    become,
    becomeUser: reader.text('become_user'),
    becomeMethod: reader.becomeMethod(),
    environment: reader.map('environment'),
    ignoreErrors: reader.boolean('ignore_errors') ?? false,
    noLog: reader.boolean('no_log') ?? false,
    runOnce: false,
    delegateTo: undefined,
  };
  const tasks = ['pre_tasks', 'tasks', 'post_tasks'].flatMap((key) =>
    readTasks(reader.node(key), inherited, context),
  );
  const rolling = readRolling(reader.node('rolling'), context);
  const serial = readSerial(reader.node('serial'), problems);
  return {
    at: entryOf(map, 'name')?.value.range ?? hosts.range,
    name,
    hosts,
    vars: new Map([...reader.vars(), ...fromFiles, ...outer.vars]),
    become,
    connection: reader.connection(),
    serial: rolling && serial.length === 0 ? [1] : serial,
    rolling,
    tasks,
  };
}

const Batch = z.union(
  [z.int().min(1), z.string().regex(/^(100|[1-9]\d?)%$/, 'is neither a number nor a percentage')],
  {
    error: 'must be a number of hosts from 1, or a percentage such as "30%"',
  },
);

function readSerial(node: Node | undefined, problems: Problems): (number | string)[] {
  if (!node) return [];
  return (
    validate(
      node,
      z.preprocess((value): unknown[] => (Array.isArray(value) ? value : [value]), z.array(Batch)),
      problems,
    ) ?? []
  );
}

function readRolling(node: Node | undefined, { rolling, problems }: LoadContext): Rolling | undefined {
  const Keyword = z.strictObject({
    order: z.enum(rolling.orders).default(rolling.orders[0] ?? ''),
    gate: z.enum(rolling.gates),
    pause: z.number().min(0).default(0),
  });
  return node && validate(node, Keyword, problems);
}

function refuseUnknown(map: MapNode, known: readonly string[], problems: Problems): void {
  for (const entry of map.entries.filter(({ key }) => !known.includes(key))) {
    const other = instead[entry.key];
    problems.add({
      message:
        other === undefined ? `unknown keyword "${entry.key}" in a play` : `${entry.key} is not supported`,
      at: entry.keyRange,
      ...(other === undefined ? didYouMean(entry.key, known) : { hint: other }),
    });
  }
}

function firstLine(map: MapNode): MapNode['range'] {
  return map.entries[0]?.keyRange ?? map.range;
}
