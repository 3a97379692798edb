import type { Diagnostic } from '../../core/diagnostics.ts';
import type { Data, MapEntry, Node } from '../../core/node.ts';
import type { SourceFile, SourceRange } from '../../core/source.ts';
import type { HostPattern } from './host-pattern.ts';
import { parseHostPattern } from './host-pattern.ts';
import { parsePythonLiteral, UnhashableError } from './python-literal.ts';
import { splitWords } from './shell-words.ts';

/** What an INI inventory says, line by line, in its order. */
export type IniLine = { readonly at: SourceRange } & (
  | { readonly kind: 'section'; readonly group: string; readonly holds: Content }
  | ({ readonly kind: 'hosts'; readonly vars: readonly MapEntry[] } & HostPattern)
  | { readonly kind: 'vars'; readonly entry: MapEntry }
  | { readonly kind: 'children'; readonly name: string }
);

const contents = ['hosts', 'vars', 'children'] as const;
type Content = (typeof contents)[number];

const sectionHead = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/;
const childName = /^([^:\]\s]+)\s*(?:#.*)?$/;
// Where Python ends a line.
const lineEnd = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;

/** Reads an INI inventory as Ansible's plugin does. */
export function parseIni(file: SourceFile): { lines: IniLine[]; diagnostics: Diagnostic[] } {
  const lines: IniLine[] = [];
  const diagnostics: Diagnostic[] = [];
  let holds: Content | undefined = 'hosts';
  for (const { text, at } of linesOf(file)) {
    const head = text.startsWith('[') ? parseHead(text, at) : undefined;
    const read = head ?? (holds && parseLine(text, at, holds));
    if (read === undefined) continue;
    if ('message' in read) diagnostics.push(read);
    else lines.push(read);
    // What is in a section that cannot be is not told line by line.
    if (head) holds = 'message' in head ? undefined : head.holds;
  }
  return { lines, diagnostics };
}

/** All lines but comments and empty ones, without the space around them. */
function linesOf(file: SourceFile): { text: string; at: SourceRange }[] {
  let start = 0;
  const ends = [...file.text.matchAll(lineEnd)].map((end) => [end.index, end.index + end[0].length] as const);
  return [...ends, [file.text.length, file.text.length] as const].flatMap(([end, next]) => {
    const line = file.text.slice(start, end);
    const from = start + line.length - line.trimStart().length;
    start = next;
    const text = line.trim();
    return text === '' || /^[;#]/.test(text)
      ? []
      : [{ text, at: { file, start: from, end: from + text.length } }];
  });
}

type Head = Extract<IniLine, { kind: 'section' }>;

/** A section's head; undefined for a host that begins with a bracket, such as `[::1]:22`. */
function parseHead(text: string, at: SourceRange): Head | Diagnostic | undefined {
  const [whole, group = '', holds = 'hosts'] = sectionHead.exec(text) ?? [];
  if (whole === undefined) {
    if (!text.endsWith(']')) return undefined;
    return {
      message: `${text} is not a section`,
      at,
      hint: 'a name without spaces, or NAME:vars, NAME:children',
    };
  }
  const known = contents.find((content) => content === holds);
  if (known) return { kind: 'section', group, holds: known, at };
  return {
    message: `[${group}:${holds}] is not a section`,
    at,
    hint: `there are: ${group}:vars, ${group}:children`,
  };
}

function parseLine(text: string, at: SourceRange, holds: Content): IniLine | Diagnostic {
  switch (holds) {
    case 'hosts':
      return parseHosts(text, at);
    case 'vars': {
      const entry = parseAssignment(text, text, at);
      return 'message' in entry ? entry : { kind: 'vars', entry, at };
    }
    case 'children': {
      const name = childName.exec(text)?.[1];
      return name === undefined
        ? { message: `"${text}" is not the name of a group`, at }
        : { kind: 'children', name, at: { ...at, end: at.start + name.length } };
    }
  }
}

function parseHosts(text: string, at: SourceRange): IniLine | Diagnostic {
  const words = splitWords(text);
  if (typeof words === 'string') return { message: words, at };
  const [first, ...assignments] = words;
  if (!first) return { message: `"${text}" names no host`, at };
  const place = (start: number, end: number) => ({ ...at, start: at.start + start, end: at.start + end });
  const pattern = parseHostPattern(first.text);
  if (typeof pattern === 'string') return { message: pattern, at: place(first.start, first.end) };
  const vars: MapEntry[] = [];
  for (const { text: word, start, end } of assignments) {
    const entry = parseAssignment(word, text.slice(start, end), place(start, end));
    if ('message' in entry) return entry;
    vars.push(entry);
  }
  return { kind: 'hosts', ...pattern, vars, at: place(first.start, first.end) };
}

/** `key=value`; `written` is what stands in the file, with quotes. */
function parseAssignment(text: string, written: string, at: SourceRange): MapEntry | Diagnostic {
  const [, key, value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (key === undefined) return { message: `"${text}" is not KEY=VALUE`, at };
  const sign = written.indexOf('=');
  const keyRange = { ...at, end: at.start + written.slice(0, sign).trimEnd().length };
  const rest = written.slice(sign + 1);
  const range = { ...at, start: at.end - rest.trimStart().length };
  // In a section of variables there may be space around the sign.
  const [name, given] = text === written ? [key.trim(), value.trim()] : [key, value];
  try {
    const literal = parsePythonLiteral(given);
    const data = literal === undefined ? given : literal;
    return { key: name, keyRange, value: nodeOf(data, range, withoutComment(given)) };
  } catch (error) {
    if (!(error instanceof UnhashableError)) throw error;
    const hint = 'Ansible reads this as Python; put it into quotes to have text';
    return { message: `${name}: ${error.message}`, at: range, hint };
  }
}

function withoutComment(literal: string): string {
  return literal.replace(/#.*$/s, '').trim();
}

/** Data as a tree, all of it at one place; `text` is how a scalar is written. */
function nodeOf(data: Data, range: SourceRange, text?: string): Node {
  if (Array.isArray(data)) return { kind: 'list', items: data.map((item) => nodeOf(item, range)), range };
  if (data !== null && typeof data === 'object') {
    const entries = Object.entries(data).map(([key, value]) => ({
      key,
      keyRange: range,
      value: nodeOf(value, range),
    }));
    return { kind: 'map', entries, range };
  }
  const written = typeof data === 'string' ? data : (text ?? String(data));
  return { kind: 'scalar', value: data, text: written, verbatim: false, range };
}
