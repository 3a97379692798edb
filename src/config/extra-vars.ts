import type { SourceFile } from '../core/source.ts';
import type { Layer, Variable } from '../vars/scope.ts';
import type { Declarations } from './declarations.ts';
import { parseSource, readSource, type Problems } from './files.ts';
import { toLayer } from './inventory/model.ts';
import { resolvePlain } from './plain-scalar.ts';

/** The variables of `-e`: `name=value` pairs (text, as in Ansible), YAML or JSON, or `@file`. Later ones win. */
export function parseExtraVars(args: readonly string[], problems: Problems): Layer {
  const all = new Map<string, Variable>();
  for (const arg of args)
    for (const [name, variable] of parseOne(arg.trim(), problems)) all.set(name, variable);
  return all;
}

/** `name=value` is text; where a variable is declared as a number or a boolean, it is read as YAML would. */
export function withTypes(extra: Layer, { variables }: Declarations): Layer {
  return new Map(
    [...extra].map(([name, variable]) => {
      const type = variables.get(name)?.type;
      const node = 'node' in variable ? variable.node : undefined;
      const isText = node?.kind === 'scalar' && typeof node.value === 'string';
      if (!isText || (type !== 'integer' && type !== 'number' && type !== 'boolean')) return [name, variable];
      return [name, { node: { ...node, value: resolvePlain(node.text) } }];
    }),
  );
}

function parseOne(arg: string, problems: Problems): Layer {
  if (arg.startsWith('@')) {
    const path = arg.slice(1);
    const file = readSource(path, problems);
    return file ? parseMap(file, problems) : new Map();
  }
  const file: SourceFile = { path: '-e', text: arg };
  if (/^[{[]/.test(arg) || /^[\w.-]+:\s/.test(arg)) return parseMap(file, problems);
  const pairs = new Map<string, Variable>();
  for (const match of arg.matchAll(/([^\s=]+)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)|(\S+)/g)) {
    const [whole, name, value = ''] = match;
    const range = { file, start: match.index, end: match.index + whole.length };
    if (name === undefined || !/^[a-zA-Z_]\w*$/.test(name)) {
      problems.add({ message: `"${whole}" is not name=value`, at: range });
      continue;
    }
    const text = value.startsWith('"')
      ? value.slice(1, -1).replace(/\\(["\\])/g, '$1')
      : value.replace(/^'(.*)'$/s, '$1');
    pairs.set(name, { node: { kind: 'scalar', value: text, text, verbatim: false, range } });
  }
  return pairs;
}

function parseMap(file: SourceFile, problems: Problems): Layer {
  const { root, diagnostics } = parseSource(file, problems);
  diagnostics.forEach((diagnostic) => problems.add(diagnostic));
  if (root?.kind === 'map') return toLayer(new Map(root.entries.map((entry) => [entry.key, entry])));
  if (diagnostics.length === 0) problems.add({ message: `${file.path}: expected a map of variables` });
  return new Map();
}
