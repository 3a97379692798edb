import * as z from 'zod';
import { didYouMean } from '../core/diagnostics.ts';
import { memoize } from '../core/memo.ts';
import { entryOf, nodeAt, toData, type MapNode, type Node } from '../core/node.ts';
import type { Problems } from './files.ts';

/** Parses a tree by a schema; errors go to the problems, with their position in the file. */
export function validate<S extends z.ZodType>(
  node: Node,
  schema: S,
  problems: Problems,
): z.output<S> | undefined {
  const result = schema.safeParse(toData(node));
  if (result.success) return result.data;
  for (const issue of result.error.issues) reportIssue(issue, node, schema, problems);
  return undefined;
}

/** Reports one issue of a schema at its place. */
export function reportIssue(
  issue: z.core.$ZodIssue,
  node: Node,
  schema: z.ZodType,
  problems: Problems,
  what = 'key',
): void {
  const found = nodeAt(node, issue.path);
  const unknown = unknownKeysOf(issue, schema);
  for (const { key, ...hint } of unknown) {
    const entry = entryOf(found, key);
    problems.add({ message: `unknown ${what} "${key}"`, at: entry?.keyRange ?? found.range, ...hint });
  }
  if (unknown.length > 0) return;
  // A single value may stand for a list of one: then it has no name of its own.
  const name =
    issue.path.length === 0 || node.kind === 'scalar' ? '' : `${issue.path.map(String).join('.')} `;
  problems.add({ message: `${name}${messageOfIssue(issue)}`, at: found.range });
}

/** The keys that an issue says are none, each with what may be meant. */
export function unknownKeysOf(issue: z.core.$ZodIssue, schema: z.ZodType): { key: string; hint?: string }[] {
  if (issue.code !== 'unrecognized_keys') return [];
  const known = keysAt(schema, issue.path);
  return issue.keys.map((key) => ({ key, ...didYouMean(key, known) }));
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const shape = shapeOf(schema) ?? {};
  const [head, ...rest] = path;
  if (head === undefined) return Object.keys(shape);
  const inner = shape[String(head)];
  return inner ? keysAt(inner, rest) : [];
}

// How zod's own messages begin; what begins otherwise a schema says itself, and knows better.
const ofZod = /^(Invalid (input|option)|Too (small|big))/;

/** What an issue says, to be read after the name of what it is about. */
export function messageOfIssue(issue: z.core.$ZodIssue): string {
  if (!ofZod.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined && /received undefined/.test(issue.message)
        ? 'is missing'
        : `must be ${article(issue.expected)}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must be at least ${String(issue.minimum)}`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}`;
    default:
      return issue.message.startsWith('Invalid input: ') ? issue.message.slice(15) : issue.message;
  }
}

function article(type: string): string {
  const names: Record<string, string> = {
    string: 'text',
    boolean: 'true or false',
    record: 'a map',
    object: 'a map',
    array: 'a list',
    int: 'a whole number',
    number: 'a number',
  };
  return names[type] ?? `a ${type}`;
}

/** The fields of an object schema, whatever it is wrapped in. */
export function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return shapeOf(schema.def.innerType as z.ZodType);
  if (schema instanceof z.ZodPipe) return shapeOf(schema.def.in as z.ZodType);
  return schema instanceof z.ZodObject ? schema.shape : undefined;
}

interface FieldMeta {
  /** Taken from the scalar's own text. */
  readonly literal?: boolean;
  /** Holds conditions, which the engine evaluates. */
  readonly expression?: boolean;
}

/** How a parameter is to be read, by its schema; wrappers such as a default or a description keep that. */
function metaOf(schema: z.ZodType | undefined): FieldMeta {
  if (!schema) return {};
  const own = schema.meta() as FieldMeta | undefined;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return { ...metaOf(schema.def.innerType as z.ZodType), ...own };
  if (schema instanceof z.ZodPipe) return { ...metaOf(schema.def.in as z.ZodType), ...own };
  return own ?? {};
}

/** A map with the scalars of literal fields replaced by their own text. */
export function withLiterals(node: MapNode, schema: z.ZodType): MapNode {
  const shape = shapeOf(schema);
  if (!shape) return node;
  return {
    ...node,
    entries: node.entries.map((entry) =>
      metaOf(shape[entry.key]).literal ? { ...entry, value: literalOf(entry.value) } : entry,
    ),
  };
}

/** The parameters that are expressions themselves. */
export const expressionsOf = memoize((params: z.ZodType): ReadonlySet<string> => {
  const shape = shapeOf(params) ?? {};
  return new Set(Object.keys(shape).filter((name) => metaOf(shape[name]).expression));
});

function literalOf(node: Node): Node {
  return node.kind === 'scalar' && typeof node.value === 'number' ? { ...node, value: node.text } : node;
}
