import {
  entryOf,
  nodeAt,
  scalarsOf,
  toData,
  type MapEntry,
  type MapNode,
  type Node,
  type ScalarNode,
} from '../../core/node.ts';
import { filledIn, type Module } from '../../modules/define-module.ts';
import { isTemplate } from '../../vars/template.ts';
import type { Problems } from '../files.ts';
import { expressionsOf, reportIssue, withLiterals } from '../validate.ts';
import { mergeMaps } from './inherited.ts';
import { readConditions } from './keywords.ts';
import type { Task } from './model.ts';

/** The parameters that a task gives its module, `args` put in. */
export function readParams(
  entry: MapEntry,
  module: Module,
  args: MapNode | undefined,
  problems: Problems,
): MapNode {
  const { value } = entry;
  const empty: MapNode = { kind: 'map', entries: [], range: entry.keyRange };
  let params: MapNode = empty;
  if (value.kind === 'map') params = value;
  else if (value.kind === 'scalar' && value.value === null) params = empty;
  else if (module.free !== undefined) {
    const entries = value.kind === 'scalar' ? takeApart(module.free, value) : [{ key: module.free, value }];
    params = {
      kind: 'map',
      entries: entries.map((each) => ({ ...each, keyRange: entry.keyRange })),
      range: value.range,
    };
  } else {
    const pairs = value.kind === 'scalar' && /^\w+=/.test(value.text);
    problems.add({
      message: `${entry.key} takes a map of parameters`,
      at: value.range,
      ...(pairs
        ? { hint: `write ${value.text.replace(/^(\w+)=(\S*).*$/s, '$1: $2')} on a line of its own` }
        : {}),
    });
  }
  // What stands in the task itself wins.
  const merged = mergeMaps(args, params) ?? params;
  return withLiterals({ ...merged, range: params.range }, module.params);
}

/** What Ansible takes out of a command line, wherever it stands outside of quotes. */
const inCommandLine =
  /(?<=^|\s)(creates|removes|chdir|executable|stdin|stdin_add_newline|strip_empty_ends|warn)=((?:"(?:[^"\\]|\\.)*"|'[^']*'|\{\{.*?\}\}|\\.|[^\s"'\\])*)(?=\s|$)|"(?:[^"\\]|\\.)*"|'[^']*'|\{\{.*?\}\}|\\./gs;

/** A command line, and the parameters that stand in it. What is left keeps its place. */
function takeApart(free: string, line: ScalarNode): { key: string; value: ScalarNode }[] {
  if (typeof line.value !== 'string' || line.verbatim) return [{ key: free, value: line }];
  const named: { key: string; value: ScalarNode }[] = [];
  const rest = line.value.replace(inCommandLine, (whole, key?: string, given?: string) => {
    if (key === undefined || given === undefined) return whole;
    const text = given.replace(/^(["'])(.*)\1$/s, '$2');
    named.push({ key, value: { ...line, value: text, text } });
    return ' '.repeat(whole.length);
  });
  if (named.length === 0) return [{ key: free, value: line }];
  return [{ key: free, value: { ...line, value: rest.trimEnd(), text: rest.trimEnd() } }, ...named];
}

/** The items of a loop are all evaluated before the first is done: what one sets no other sees. */
function refuseAddingUp(params: MapNode, problems: Problems): void {
  const texts = [...scalarsOf(params)].map(({ text }) => text).join('\n');
  for (const { key, keyRange } of params.entries.filter(({ key }) => /^\w+$/.test(key)))
    if (new RegExp(`\\{\\{[^}]*\\b${key}\\b`).test(texts))
      problems.add({
        message: `"${key}" does not add up in a loop: each item sees it as it was before the task`,
        at: keyRange,
        hint: 'make it of the whole list at once, with join, map or merge',
      });
}

/** Checks the parameters as far as they hold no expressions; the rest is checked once rendered. */
export function checkParams({ module, params, source, loop }: Task, problems: Problems): void {
  if (module.setsVariables && loop) refuseAddingUp(params, problems);
  for (const entry of params.entries.filter(({ key }) => filledIn(module).includes(key)))
    problems.add({ message: `${entry.key} is what ${module.file?.param ?? ''} names`, at: entry.keyRange });
  const data = toData(params) as Record<string, unknown>;
  if (module.file && module.file.param in data) {
    const given = entryOf(params, 'content');
    if (given)
      problems.add({ message: `give ${module.file.param} or content, not both`, at: given.keyRange });
    if (source && 'tree' in source) data['tree'] = source.tree;
    else data['content'] ??= '';
  }
  for (const entry of params.entries) {
    if (!expressionsOf(module.params).has(entry.key)) continue;
    readConditions(entry.value, entry.key, problems);
    data[entry.key] = [];
  }
  const result = module.params.safeParse(data);
  if (result.success) return;
  for (const issue of result.error.issues) {
    if (!dependsOnTemplates(params, issue.path, issue.code === 'custom')) {
      reportIssue(issue, params, module.params, problems, 'parameter');
    }
  }
}

function dependsOnTemplates(params: MapNode, path: readonly PropertyKey[], isRefinement: boolean): boolean {
  const node = nodeAt(params, path);
  const isMissing = node === params && path.length > 0;
  if (isMissing && !isRefinement) return false;
  if (path.length === 0 && !isRefinement) return false;
  return holdsTemplate(isMissing ? params : node);
}

function holdsTemplate(node: Node): boolean {
  return [...scalarsOf(node)].some((scalar) => typeof scalar.value === 'string' && isTemplate(scalar.value));
}
