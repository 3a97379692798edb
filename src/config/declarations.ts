// Inventories, playbooks and declared variables as people write them: read, checked, with places. Nothing connects.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { entryOf, type Node } from '../core/node.ts';
import type { SourceRange } from '../core/source.ts';
import type { Layer, Variable } from '../vars/scope.ts';
import { componentFolders } from './component-folders.ts';
import { readYaml, type Problems } from './files.ts';
import { formats } from './formats.ts';
import { readSoftware, softwareLayer, type Software } from './software.ts';
import { validate } from './validate.ts';

const types = ['text', 'integer', 'number', 'boolean', 'list', 'map', 'version', 'secret'] as const;

const effects = ['none', 'reload', 'restart', 'ordered restart', 'new clusters only'] as const;

const Declaration = z.strictObject({
  type: z.enum(types),
  help: z.string(),
  default: z.unknown().optional(),
  choices: z.array(z.union([z.string(), z.number()])).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  pattern: z.string().optional(),
  /** What a text is, or each text of a list. */
  format: z.enum(Object.keys(formats) as (keyof typeof formats)[]).optional(),
  /** Whether all hosts of the cluster must have the same value. */
  everywhere: z.boolean().default(false),
  unit: z.string().optional(),
  /** What a change of the variable makes necessary. */
  effect: z.enum(effects).default('none'),
  /** Of a secret: where Patroni's configuration has it, to read it back. */
  recover: z.string().optional(),
  /** Of a secret that cannot be read back: whether a new one may take its place. */
  lost: z.enum(['refuse', 'replace']).default('refuse'),
});

/** One variable of drover's playbooks: what it is for, its default, and what it may be. */
export type Declaration = z.output<typeof Declaration> & {
  readonly name: string;
  readonly at: SourceRange;
  readonly defaultNode: Node | undefined;
};

/** The variables that playbooks take, and the name prefixes that are theirs alone. */
export interface Declarations {
  readonly namespaces: readonly string[];
  readonly variables: ReadonlyMap<string, Declaration>;
  readonly software: readonly Software[];
}

export const noDeclarations: Declarations = { namespaces: [], variables: new Map(), software: [] };

/** Reads `variables.yml` in a folder of playbooks and in those of its components; none where there is no such file. */
export function loadDeclarations(home: string, problems: Problems): Declarations {
  const files = [home, ...componentFolders(home)].map((folder) => readDeclarations(folder, problems));
  const variables = new Map<string, Declaration>();
  for (const declaration of files.flatMap((file) => [...file.variables.values()])) {
    const { name, at } = declaration;
    const first = variables.get(name);
    if (first)
      problems.add({ message: `${name} is declared twice`, at, hint: `first in ${first.at.file.path}` });
    else variables.set(name, declaration);
  }
  return {
    namespaces: files.flatMap(({ namespaces }) => namespaces),
    variables,
    software: files.flatMap(({ software }) => software),
  };
}

function readDeclarations(folder: string, problems: Problems): Declarations {
  const path = join(folder, 'variables.yml');
  if (!existsSync(path)) return noDeclarations;
  const root = readYaml(path, problems);
  if (!root) return noDeclarations;
  const namespaces = entryOf(root, 'namespaces')?.value;
  const variables = entryOf(root, 'variables')?.value;
  if (variables?.kind !== 'map') {
    problems.add({ message: 'variables: is missing', at: root.range });
    return noDeclarations;
  }
  const declared = variables.entries.flatMap((entry): [string, Declaration][] => {
    const parsed = validate(entry.value, Declaration, problems);
    if (!parsed) return [];
    const defaultNode = entryOf(entry.value, 'default')?.value;
    return [[entry.key, { ...parsed, name: entry.key, at: entry.keyRange, defaultNode }]];
  });
  return {
    namespaces: (namespaces && validate(namespaces, z.array(z.string()), problems)) ?? [],
    variables: new Map(declared),
    software: readSoftware(root, problems),
  };
}

/** The defaults as the weakest layer of variables. */
export function defaultsLayer({ variables, software }: Declarations): Layer {
  const entries = [...variables.values()].flatMap((declaration): [string, Variable][] =>
    declaration.defaultNode ? [[declaration.name, { node: declaration.defaultNode }]] : [],
  );
  return new Map([...softwareLayer(software), ...entries]);
}
