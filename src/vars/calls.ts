import { didYouMean } from '../core/diagnostics.ts';
import { helpers } from './helpers.ts';
import { diagnostic, jinjaHint, type Template, type TemplateError } from './template.ts';

interface Signature {
  readonly usage: string;
  readonly arity: readonly [least: number, most: number];
}

/** Helpers whose arguments are evaluated only when needed. */
export const lazyHelpers: Readonly<Record<string, Signature>> = {
  and: { usage: 'and A B …', arity: [1, 20] },
  or: { usage: 'or A B …', arity: [1, 20] },
  default: { usage: 'default NAME VALUE', arity: [2, 2] },
  defined: { usage: 'defined NAME', arity: [1, 1] },
  choose: { usage: 'choose CONDITION THEN ELSE', arity: [3, 3] },
};

const blockHelpers = ['if', 'unless', 'each', 'with'];

export interface Call {
  readonly path: hbs.AST.Expression;
  readonly params: readonly hbs.AST.Expression[];
  readonly hash: hbs.AST.Hash | undefined;
}

/** Throws if a call names no helper, or has other arguments than the helper takes. */
export function checkCall(template: Template, { path, params, hash }: Call): void {
  refuseHash(template, hash);
  const name = (path as hbs.AST.PathExpression).original;
  const signature = [helpers, lazyHelpers].find((all) => Object.hasOwn(all, name))?.[name];
  if (!signature) {
    const hint = infixHint(template, path, params) ?? didYouMean(name, allNames()).hint;
    throw errorAt(template, path, `no helper "${name}"`, hint);
  }
  const [least, most] = signature.arity;
  if (params.length < least || params.length > most) {
    const hint = infixHint(template, path, params) ?? signature.usage;
    throw errorAt(template, path, `wrong number of arguments for ${name}`, hint);
  }
}

/** Throws if there is no such block. */
export function checkBlock(template: Template, { path, params, hash }: hbs.AST.BlockStatement): void {
  const name = path.original;
  if (!blockHelpers.includes(name)) {
    throw errorAt(template, path, `no block helper "${name}"`, `there are: ${blockHelpers.join(', ')}`);
  }
  if (params.length !== 1) throw errorAt(template, path, `{{#${name}}} takes one value`);
  refuseHash(template, hash);
}

/** The names after `as`. Without any the parser returns undefined, contrary to its types. */
export function blockParamsOf({ program }: hbs.AST.BlockStatement): readonly string[] {
  return [program.blockParams].flat().filter(Boolean);
}

/** For features of Handlebars that drover does not have. */
export function unsupported(template: Template, node: hbs.AST.Node): TemplateError {
  return errorAt(template, node, 'partials and decorators are not supported');
}

function refuseHash(template: Template, hash: hbs.AST.Hash | undefined): void {
  if (hash && hash.pairs.length > 0) throw errorAt(template, hash, 'named arguments are not supported');
}

function errorAt(template: Template, node: hbs.AST.Node, message: string, hint?: string): TemplateError {
  return diagnostic({ message, at: template.place(node), hint });
}

function allNames(): string[] {
  return [...Object.keys(helpers), ...Object.keys(lazyHelpers)];
}

/** For `a and b`, `x is defined` or `not x is defined`: in Handlebars the operator comes first. */
function infixHint(template: Template, path: hbs.AST.Expression, params: Call['params']): string | undefined {
  const last = params.at(-1);
  const isInfix = params.some(
    (param) =>
      param.type === 'PathExpression' &&
      ['and', 'or', 'in', 'is', 'not', 'if'].includes((param as hbs.AST.PathExpression).original),
  );
  if (!last || !isInfix) return undefined;
  // Of a part only its own value is known to count.
  const isWhole = template.single?.path === path;
  return jinjaHint(template.between(path, last), template.isCondition && isWhole, false);
}
