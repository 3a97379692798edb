import { Problems, readYaml } from '../config/files.ts';
import { didYouMean } from '../core/diagnostics.ts';
import { InvalidInputError } from '../core/errors.ts';
import type { MapEntry, Node, ScalarNode } from '../core/node.ts';
import { settable } from './options.ts';

/** A setting as the environment or the file has it; several values are those of a repeated option. */
export interface Setting {
  readonly values: readonly string[];
  /** Throws what is wrong with it, where it stands. */
  readonly refuse: (problem: string) => never;
}

/** By the option's name. */
export type Settings = ReadonlyMap<string, Setting>;

/** Reads a file of settings: a map whose keys are options without their dashes. Throws all that is wrong with it. */
export function readSettings(path: string): Settings {
  const problems = new Problems();
  const root = readYaml(path, problems);
  const settings = new Map<string, Setting>();
  if (root && root.kind !== 'map') problems.add({ message: 'must be a map of options', at: root.range });
  for (const entry of root?.kind === 'map' ? root.entries : []) {
    if (!settable.has(entry.key))
      problems.add({
        message: `unknown setting "${entry.key}"`,
        at: entry.keyRange,
        ...didYouMean(entry.key, settable),
      });
    else if (scalarsOf(entry.value)) settings.set(entry.key, settingOf(entry));
    else problems.add({ message: `${entry.key} must be a value or a list of values`, at: entry.value.range });
  }
  if (problems.list.length > 0) throw new InvalidInputError(problems.list);
  return settings;
}

function settingOf({ key, value }: MapEntry): Setting {
  return {
    values: (scalarsOf(value) ?? []).map(({ text }) => text),
    refuse: (problem) => {
      throw new InvalidInputError([{ message: `${key} ${problem}`, at: value.range }]);
    },
  };
}

/** The value, or those of a list; undefined for anything else. */
function scalarsOf(node: Node): ScalarNode[] | undefined {
  const items = node.kind === 'list' ? node.items : [node];
  const scalars = items.filter((item) => item.kind === 'scalar' && item.value !== null);
  return scalars.length === items.length ? (scalars as ScalarNode[]) : undefined;
}
