import type { MapNode } from '../../core/node.ts';
import type { Layer } from '../../vars/scope.ts';
import type { KeywordReader } from './keywords.ts';
import type { Condition, Task } from './model.ts';

/** What tasks take over from the blocks and includes around them. */
export interface Inherited {
  readonly folder: string;
  readonly when: readonly Condition[];
  readonly tags: readonly string[];
  readonly vars: Layer;
  readonly includeVars: Layer;
  readonly become: boolean | undefined;
  readonly becomeUser: Task['becomeUser'];
  readonly becomeMethod: Task['becomeMethod'];
  readonly environment: MapNode | undefined;
  readonly ignoreErrors: boolean;
  readonly noLog: boolean;
  readonly runOnce: boolean;
  readonly delegateTo: Task['delegateTo'];
}

/** The keywords for that. */
export const inheritable = [
  'name',
  'when',
  'tags',
  'vars',
  'become',
  'become_user',
  'become_method',
  'environment',
  'ignore_errors',
  'no_log',
  'run_once',
  'delegate_to',
];

/** What is around a task, with its own keywords added or in its place. */
export function inherit(reader: KeywordReader, outer: Inherited): Inherited {
  reader.refuseOtherBehaviour();
  return {
    folder: outer.folder,
    when: [...outer.when, ...(reader.conditions('when') ?? [])],
    tags: [...outer.tags, ...(reader.strings('tags') ?? [])],
    vars: new Map([...outer.vars, ...reader.vars()]),
    includeVars: outer.includeVars,
    become: reader.boolean('become') ?? outer.become,
    becomeUser: reader.text('become_user') ?? outer.becomeUser,
    becomeMethod: reader.becomeMethod() ?? outer.becomeMethod,
    environment: mergeMaps(outer.environment, reader.map('environment')),
    ignoreErrors: reader.boolean('ignore_errors') ?? outer.ignoreErrors,
    noLog: reader.boolean('no_log') ?? outer.noLog,
    runOnce: reader.boolean('run_once') ?? outer.runOnce,
    delegateTo: reader.text('delegate_to') ?? outer.delegateTo,
  };
}

/** Both maps as one; an inner entry takes the place of an outer one. */
export function mergeMaps(outer: MapNode | undefined, inner: MapNode | undefined): MapNode | undefined {
  if (!outer || !inner) return inner ?? outer;
  const own = new Set(inner.entries.map((entry) => entry.key));
  return { ...inner, entries: [...outer.entries.filter((entry) => !own.has(entry.key)), ...inner.entries] };
}
