import { didYouMean } from '../core/diagnostics.ts';
import { helpers, HelperError } from './helpers.ts';
import { diagnostic, TemplateError, type Template } from './template.ts';
import { isTruthy, kindOf, LazyMap, namesOf, propertyOf, type Value } from './value.ts';

/** Where a template's names come from. */
export interface Names {
  get(name: string): Value | undefined;
  names(): Iterable<string>;
}

/** Helpers whose arguments are worked out only when needed. */
export const lazyHelpers: Readonly<Record<string, string>> = {
  and: 'and A B …',
  or: 'or A B …',
  default: 'default NAME VALUE',
  defined: 'defined NAME',
  choose: 'choose CONDITION THEN ELSE',
};

/** The template's text. Lists, maps and null in it are errors, as is every name that does not exist. */
export function renderText(template: Template, names: Names): string {
  return new Evaluation(template, names).text(template.program);
}

/** The value of a template that is one single expression, with its type; otherwise its text. */
export function renderValue(template: Template, names: Names): Value {
  if (!template.single) return renderText(template, names);
  return new Evaluation(template, names).mustache(template.single);
}

/** A condition's value: true or false, nothing else. */
export function evaluateCondition(template: Template, names: Names): boolean {
  const value = renderValue(template, names);
  if (typeof value === 'boolean') return value;
  throw diagnostic({
    message: `a condition must be true or false, and this is ${kindOf(value)}`,
    at: template.single && template.place(template.single),
    hint: 'compare it (eq NAME "value"), or write bool NAME',
  });
}

class RootContext extends LazyMap {
  readonly #names: Names;

  constructor(names: Names) {
    super();
    this.#names = names;
  }

  get(key: string): Value | undefined {
    return this.#names.get(key);
  }

  keys(): Iterable<string> {
    return this.#names.names();
  }
}

interface Frame {
  readonly contexts: readonly Value[];
  readonly locals: ReadonlyMap<string, Value>;
  readonly data: ReadonlyMap<string, Value>;
}

interface Call {
  readonly path: hbs.AST.Expression;
  readonly params: readonly hbs.AST.Expression[];
  readonly hash: hbs.AST.Hash | undefined;
}

/** The names after `as`. Where there are none the parser gives undefined, whatever its types say. */
export function blockParamsOf({ program }: hbs.AST.BlockStatement): readonly string[] {
  return [program.blockParams].flat().filter(Boolean);
}

class Evaluation {
  readonly #template: Template;
  readonly #root: Value;
  #frame: Frame;

  constructor(template: Template, names: Names) {
    this.#template = template;
    this.#root = new RootContext(names);
    this.#frame = { contexts: [this.#root], locals: new Map(), data: new Map() };
  }

  text(program: hbs.AST.Program): string {
    let out = '';
    for (const statement of program.body) out += this.#statement(statement);
    return out;
  }

  mustache(statement: hbs.AST.MustacheStatement): Value {
    // Without arguments it is a variable, whatever helpers there are.
    if (statement.params.length === 0) return this.#expression(statement.path);
    return this.#call({ path: statement.path, params: statement.params, hash: statement.hash });
  }

  #statement(statement: hbs.AST.Statement): string {
    switch (statement.type) {
      case 'ContentStatement':
        return (statement as hbs.AST.ContentStatement).value;
      case 'CommentStatement':
        return '';
      case 'MustacheStatement': {
        const value = this.mustache(statement as hbs.AST.MustacheStatement);
        if (typeof value === 'string') return value;
        if (typeof value === 'number' || typeof value === 'boolean') return String(value);
        throw this.#error(
          statement,
          `${kindOf(value)} cannot stand in text`,
          'write join, json or a part of it',
        );
      }
      case 'BlockStatement':
        return this.#block(statement as hbs.AST.BlockStatement);
      default:
        throw this.#error(statement, 'partials and decorators are not supported');
    }
  }

  #block(block: hbs.AST.BlockStatement): string {
    const name = block.path.original;
    const [param, ...rest] = block.params;
    if (param === undefined || rest.length > 0) throw this.#error(block.path, `{{#${name}}} takes one value`);
    const value = this.#expression(param);
    switch (name) {
      case 'if':
      case 'unless':
        this.#refuseNull(param, value);
        return this.#either(isTruthy(value) === (name === 'if') ? block.program : block.inverse);
      case 'with':
        this.#refuseNull(param, value);
        if (!isTruthy(value)) return this.#either(block.inverse);
        return this.#within(value, block, [value], new Map());
      case 'each':
        return this.#each(block, param, value);
      default:
        throw this.#error(block.path, `no block helper "${name}"`, 'there are: if, unless, each, with');
    }
  }

  #each(block: hbs.AST.BlockStatement, param: hbs.AST.Expression, value: Value): string {
    if (value === null || typeof value !== 'object') {
      throw this.#error(param, `{{#each}} needs a list or a map, and this is ${kindOf(value)}`);
    }
    const keys = Array.isArray(value) ? [...value.keys()] : namesOf(value);
    if (keys.length === 0) return this.#either(block.inverse);
    return keys
      .map((key, index) => {
        const item = propertyOf(value, String(key)) ?? null;
        const data = new Map<string, Value>([
          ['index', index],
          ['key', key],
          ['first', index === 0],
          ['last', index === keys.length - 1],
        ]);
        return this.#within(item, block, [item, key], data);
      })
      .join('');
  }

  #either(program: hbs.AST.Program | undefined): string {
    return program ? this.text(program) : '';
  }

  #within(
    context: Value,
    block: hbs.AST.BlockStatement,
    params: readonly Value[],
    data: ReadonlyMap<string, Value>,
  ): string {
    const outer = this.#frame;
    const locals = new Map(outer.locals);
    blockParamsOf(block).forEach((name, index) => locals.set(name, params[index] ?? null));
    this.#frame = {
      contexts: [context, ...outer.contexts],
      locals,
      data: new Map([...outer.data, ...data]),
    };
    try {
      return this.text(block.program);
    } finally {
      this.#frame = outer;
    }
  }

  #call({ path, params, hash }: Call): Value {
    if (hash && hash.pairs.length > 0) throw this.#error(hash, 'named arguments are not supported');
    const name = (path as hbs.AST.PathExpression).original;
    const lazy = this.#lazy(name, params, path);
    if (lazy !== undefined) return lazy;
    const helper = Object.hasOwn(helpers, name) ? helpers[name] : undefined;
    if (!helper) {
      const known = [...Object.keys(helpers), ...Object.keys(lazyHelpers)];
      throw this.#error(path, `no helper "${name}"`, didYouMean(name, known).hint);
    }
    const [least, most] = helper.arity;
    if (params.length < least || params.length > most) {
      throw this.#error(path, `wrong number of arguments for ${name}`, helper.usage);
    }
    const args = params.map((param) => this.#expression(param));
    try {
      return helper.call(args);
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
      throw this.#error(path, `${name}: ${error.message}`, helper.usage);
    }
  }

  #lazy(name: string, params: readonly hbs.AST.Expression[], path: hbs.AST.Node): Value | undefined {
    const [first, second, third] = params;
    switch (name) {
      case 'and':
        return params.every((param) => isTruthy(this.#expression(param)));
      case 'or':
        return params.some((param) => isTruthy(this.#expression(param)));
      case 'default':
        if (!first || !second || third)
          throw this.#error(path, 'wrong number of arguments', lazyHelpers['default']);
        return this.#optional(first) ?? this.#expression(second);
      case 'defined':
        if (!first || second) throw this.#error(path, 'wrong number of arguments', lazyHelpers['defined']);
        return this.#optional(first) !== undefined;
      case 'choose':
        if (!first || !second || !third) {
          throw this.#error(path, 'wrong number of arguments', lazyHelpers['choose']);
        }
        return this.#expression(isTruthy(this.#expression(first)) ? second : third);
      default:
        return undefined;
    }
  }

  /** The value of a path, undefined when some part of it is not there or is null. */
  #optional(expression: hbs.AST.Expression): Value | undefined {
    if (expression.type !== 'PathExpression') return this.#expression(expression);
    const path = expression as hbs.AST.PathExpression;
    let value = this.#start(path);
    for (const part of value?.rest ?? []) {
      const next = propertyOf(value?.value ?? null, part);
      if (next === undefined) return undefined;
      value = { value: next, rest: [] };
    }
    return value?.value ?? undefined;
  }

  #expression(expression: hbs.AST.Expression): Value {
    switch (expression.type) {
      case 'StringLiteral':
      case 'NumberLiteral':
      case 'BooleanLiteral':
        return (expression as hbs.AST.StringLiteral).value;
      case 'NullLiteral':
        return null;
      case 'SubExpression': {
        const sub = expression as hbs.AST.SubExpression;
        return this.#call({ path: sub.path, params: sub.params, hash: sub.hash });
      }
      case 'PathExpression':
        return this.#path(expression as hbs.AST.PathExpression);
      default:
        throw this.#error(expression, 'not an expression');
    }
  }

  #path(path: hbs.AST.PathExpression): Value {
    const start = this.#start(path);
    if (!start) {
      const [name = ''] = path.parts;
      if (path.data) throw this.#error(path, `there is no @${name} here`);
      throw this.#unknown(path, name, this.#contextOf(path));
    }
    let { value } = start;
    for (const part of start.rest) {
      const next = propertyOf(value, part);
      if (next === undefined)
        throw this.#error(path, `no "${part}" in it`, didYouMean(part, namesOf(value)).hint);
      value = next;
    }
    return value;
  }

  #contextOf(path: hbs.AST.PathExpression): Value {
    const context = this.#frame.contexts[path.depth];
    if (context === undefined) throw this.#error(path, 'there is no such outer level');
    return context;
  }

  /** What a path's first name stands for, and the names that are left to follow; undefined if it stands for nothing. */
  #start(path: hbs.AST.PathExpression): { value: Value; rest: readonly string[] } | undefined {
    const [head, ...rest] = path.parts;
    if (path.data) {
      if (head === 'root') return { value: this.#root, rest };
      const value = this.#frame.data.get(head ?? '');
      return value === undefined ? undefined : { value, rest };
    }
    const context = this.#contextOf(path);
    if (head === undefined) return { value: context, rest };
    const explicit = path.depth > 0 || /^(\.|this)/.test(path.original);
    const local = explicit ? undefined : this.#frame.locals.get(head);
    if (local !== undefined) return { value: local, rest };
    const value = propertyOf(context, head);
    return value === undefined ? undefined : { value, rest };
  }

  #unknown(path: hbs.AST.PathExpression, name: string, context: Value): TemplateError {
    if (Object.hasOwn(helpers, name)) {
      return this.#error(path, `${name} is a helper and needs arguments`, helpers[name]?.usage);
    }
    if (context !== this.#root && propertyOf(this.#root, name) !== undefined) {
      return this.#error(path, `no "${name}" in this item`, `the variable is @root.${name}`);
    }
    const known = [...namesOf(context), ...this.#frame.locals.keys()];
    const nearest = didYouMean(name, known).hint;
    return this.#error(path, `unknown variable "${name}"`, nearest?.startsWith('did') ? nearest : undefined);
  }

  #refuseNull(node: hbs.AST.Node, value: Value): void {
    if (value === null)
      throw this.#error(node, 'this is null', 'test it with defined, or give it with default');
  }

  #error(node: hbs.AST.Node, message: string, hint?: string): TemplateError {
    return diagnostic({ message, at: this.#template.place(node), hint });
  }
}
