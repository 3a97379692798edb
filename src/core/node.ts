import type { SourceFile, SourceRange } from './source.ts';

/** A YAML tree that keeps the position of every node and the original text of scalars. */
export type Node = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As written, before it was taken for a number or a boolean: `0644` stays `0644`. */
  readonly text: string;
  /** Text that is never rendered, whatever it holds (`!unsafe`). */
  readonly verbatim: boolean;
  /** What stands in the file for a value that ansible-vault has encrypted. */
  readonly ciphertext?: string;
  readonly range: SourceRange;
}

interface ListNode {
  readonly kind: 'list';
  readonly items: readonly Node[];
  readonly range: SourceRange;
}

export interface MapEntry {
  readonly key: string;
  readonly keyRange: SourceRange;
  readonly value: Node;
}

export interface MapNode {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
  readonly range: SourceRange;
}

export type Data = string | number | boolean | null | Data[] | { [key: string]: Data };

/** The same tree, read from another file of the same text. */
export function placedIn(node: Node, file: SourceFile): Node {
  const range = { ...node.range, file };
  switch (node.kind) {
    case 'scalar':
      return { ...node, range };
    case 'list':
      return { ...node, items: node.items.map((item) => placedIn(item, file)), range };
    case 'map': {
      const entries = node.entries.map(({ key, keyRange, value }) => ({
        key,
        keyRange: { ...keyRange, file },
        value: placedIn(value, file),
      }));
      return { ...node, entries, range };
    }
  }
}

/** Plain data of a tree, positions dropped. */
export function toData(node: Node): Data {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toData);
    case 'map':
      return Object.fromEntries(node.entries.map((entry) => [entry.key, toData(entry.value)]));
  }
}

/** The value of a key of a map; undefined when the key is absent or the node is no map. */
export function entryOf(node: Node | undefined, key: string): MapEntry | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key) : undefined;
}

/** The node at a path, or the last one on the way that exists. */
export function nodeAt(node: Node, path: readonly PropertyKey[]): Node {
  const [head, ...rest] = path;
  if (head === undefined) return node;
  const child = node.kind === 'list' ? node.items[Number(head)] : entryOf(node, String(head))?.value;
  return child ? nodeAt(child, rest) : node;
}

/** Every scalar of a tree. */
export function* scalarsOf(node: Node): Generator<ScalarNode> {
  if (node.kind === 'scalar') yield node;
  else if (node.kind === 'list') for (const item of node.items) yield* scalarsOf(item);
  else for (const entry of node.entries) yield* scalarsOf(entry.value);
}

/** Source range of a stretch of a scalar's text; the whole scalar where escapes or folding hide the place. */
export function rangeWithin(node: ScalarNode, start: number, length: number): SourceRange {
  const { file } = node.range;
  const text = typeof node.value === 'string' ? node.value : node.text;
  const source = file.text.slice(node.range.start, node.range.end);
  const direct = source.indexOf(text);
  if (direct >= 0) {
    const from = node.range.start + direct + start;
    return { file, start: from, end: from + length };
  }
  if (/^[|]/.test(source)) return rangeInBlock(node, file, text, start, length);
  return node.range;
}

function rangeInBlock(
  node: ScalarNode,
  file: SourceFile,
  text: string,
  start: number,
  length: number,
): SourceRange {
  const before = text.slice(0, start);
  const lineIndex = before.split('\n').length - 1;
  const column = start - (before.lastIndexOf('\n') + 1);
  let lineStart = file.text.indexOf('\n', node.range.start) + 1;
  for (let skipped = 0; skipped < lineIndex; skipped++) lineStart = file.text.indexOf('\n', lineStart) + 1;
  const line = text.split('\n')[lineIndex] ?? '';
  const indent = file.text.slice(lineStart).indexOf(line);
  const from = lineStart + indent + column;
  return { file, start: from, end: from + length };
}
