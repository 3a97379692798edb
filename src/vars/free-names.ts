import { helpers } from './helpers.ts';
import { blockParamsOf, checkBlock, checkCall, lazyHelpers, unsupported, type Call } from './calls.ts';
import type { Template } from './template.ts';
import type { SourceRange } from '../core/source.ts';

/** A variable that a template reads. */
export interface FreeName {
  readonly name: string;
  readonly at: SourceRange | undefined;
}

/**
 * The variables a template needs, for checking names before anything runs. Names that `default` or `defined`
 * guard are left out, and so are those that belong to the item of an `each` or `with`. Throws where the template
 * names no helper, or calls one wrongly.
 */
export function freeNames(template: Template): FreeName[] {
  const found: FreeName[] = [];
  const optional = new Set<string>();
  visit(template, template.program, { depth: 0, locals: new Set(), optional }, found);
  return found.filter(({ name }) => !optional.has(name));
}

interface Place {
  /** How many items enclose this point: 0 is the root. */
  readonly depth: number;
  readonly locals: ReadonlySet<string>;
  /** Collects the names that the template itself takes care of, where they are missing. */
  readonly optional: Set<string>;
}

function visit(template: Template, node: hbs.AST.Node | undefined, place: Place, found: FreeName[]): void {
  if (!node) return;
  const each = (nodes: readonly hbs.AST.Node[]) =>
    nodes.forEach((child) => visit(template, child, place, found));
  switch (node.type) {
    case 'Program':
      each((node as hbs.AST.Program).body);
      return;
    case 'MustacheStatement':
    case 'SubExpression': {
      const call = node as hbs.AST.SubExpression;
      const { params, hash } = call as Call;
      if (params.length === 0 && !hash && node.type === 'MustacheStatement')
        visit(template, call.path, place, found);
      else {
        checkCall(template, call);
        const guarded = guardedName(call);
        if (guarded !== undefined) place.optional.add(guarded);
        each(call.params);
      }
      return;
    }
    case 'BlockStatement': {
      const block = node as hbs.AST.BlockStatement;
      checkBlock(template, block);
      each(block.params);
      const inner = ['each', 'with'].includes(block.path.original)
        ? {
            ...place,
            depth: place.depth + 1,
            locals: new Set([...place.locals, ...blockParamsOf(block)]),
          }
        : place;
      visit(template, block.program, inner, found);
      visit(template, block.inverse, place, found);
      return;
    }
    case 'PathExpression':
      visitPath(template, node as hbs.AST.PathExpression, place, found);
      return;
    case 'PartialStatement':
    case 'PartialBlockStatement':
    case 'Decorator':
    case 'DecoratorBlock':
      throw unsupported(template, node);
  }
}

function guardedName(call: hbs.AST.SubExpression): string | undefined {
  const name = call.path.original;
  const [first] = call.params;
  if ((name !== 'default' && name !== 'defined') || first?.type !== 'PathExpression') return undefined;
  return (first as hbs.AST.PathExpression).parts[0];
}

function visitPath(template: Template, path: hbs.AST.PathExpression, place: Place, found: FreeName[]): void {
  const [head, second] = path.parts;
  const add = (name: string | undefined) => {
    if (name !== undefined) found.push({ name, at: template.place(path) });
  };
  if (path.data) {
    if (head === 'root') add(second);
  } else if (path.depth === place.depth && !(path.depth === 0 && place.locals.has(head ?? ''))) {
    add(head);
  }
}

/** Every helper's usage, for the documentation. */
export function helperUsages(): string[] {
  return [...Object.values(helpers), ...Object.values(lazyHelpers)].map(({ usage }) => usage).sort();
}
