import * as z from 'zod';
import { entryOf, type Node } from '../core/node.ts';
import type { Layer } from '../vars/scope.ts';
import type { Problems } from './files.ts';
import { validate } from './validate.ts';

const names = z.array(z.string()).default([]);

const Software = z.strictObject({
  packages: z.union([z.string(), z.array(z.string())]).default([]),
  paths: names,
  units: names,
  users: names,
  optional: z.boolean().default(false),
});

/** What a component installs on the hosts of a group: one entry of `software:` in its variables.yml. */
export interface Software {
  readonly group: string;
  /** A list of packages, or an expression that yields one. */
  readonly packages: Node;
  /** What the packages bring along. */
  readonly paths: readonly string[];
  readonly units: readonly string[];
  readonly users: readonly string[];
  /** Whether an inventory may go without the group. */
  readonly optional: boolean;
}

/** Reads `software:` of a variables.yml. */
export function readSoftware(root: Node, problems: Problems): Software[] {
  const groups = entryOf(root, 'software')?.value;
  if (!groups) return [];
  if (groups.kind !== 'map') {
    problems.add({ message: 'software is a map of groups', at: groups.range });
    return [];
  }
  return groups.entries.flatMap(({ key: group, value }): Software[] => {
    const parsed = validate(value, Software, problems);
    if (!parsed) return [];
    const none: Node = { kind: 'list', items: [], range: value.range };
    return [{ ...parsed, group, packages: entryOf(value, 'packages')?.value ?? none }];
  });
}

/** All components' software as variables, for the tasks that install it: of every host, but packages, by group. */
export function softwareLayer(software: readonly Software[]): Layer {
  const [first] = software;
  if (!first) return new Map();
  const packages: Node = {
    kind: 'map',
    entries: software.map(({ group, packages: value }) => ({
      key: group,
      keyRange: value.range,
      value,
    })),
    range: first.packages.range,
  };
  return new Map([
    ['cluster_groups', { value: software.map(({ group }) => group) }],
    ['cluster_packages', { node: packages }],
    ['cluster_paths', { value: software.flatMap(({ paths }) => [...paths]) }],
    ['cluster_units', { value: software.flatMap(({ units }) => [...units]) }],
    ['cluster_users', { value: software.flatMap(({ users }) => [...users]) }],
  ]);
}
