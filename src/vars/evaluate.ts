import { didYouMean } from '../core/diagnostics.ts';
import { blockParamsOf, checkBlock, checkCall, unsupported, type Call } from './calls.ts';
import { helpers, HelperError } from './helpers.ts';
import { diagnostic, TemplateError, type Template } from './template.ts';
import { isTruthy, kindOf, LazyMap, namesOf, propertyOf, type Value } from './value.ts';

/** Where a template's names come from. */
export interface Names {
  get(name: string): Value | undefined;
  names(): Iterable<string>;
}

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
  /** `@index` and the like of the `each` around this point, the innermost first. */
  readonly data: readonly ReadonlyMap<string, Value>[];
}

class Evaluation {
  readonly #template: Template;
  readonly #root: Value;
  #frame: Frame;

  constructor(template: Template, names: Names) {
    this.#template = template;
    this.#root = new RootContext(names);
    this.#frame = { contexts: [this.#root], locals: new Map(), data: [] };
  }

  text(program: hbs.AST.Program): string {
    let out = '';
    for (const statement of program.body) out += this.#statement(statement);
    return out;
  }

  mustache(statement: hbs.AST.MustacheStatement): Value {
    // Without arguments it is a variable, whatever helpers there are.
    const { path, params, hash } = statement as Call;
    return params.length === 0 && !hash ? this.#expression(path) : this.#call({ path, params, hash });
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
        throw unsupported(this.#template, statement);
    }
  }

  #block(block: hbs.AST.BlockStatement): string {
    checkBlock(this.#template, block);
    const name = block.path.original;
    const [param] = block.params as [hbs.AST.Expression];
    const value = this.#expression(param);
    if (name === 'each') return this.#each(block, param, value);
    this.#refuseNull(param, value);
    if (name !== 'with') {
      return this.#either(isTruthy(value) === (name === 'if') ? block.program : block.inverse);
    }
    // Of Handlebars' false values, only 0 can be the context of a block.
    if (!isTruthy(value) && value !== 0) return this.#either(block.inverse);
    return this.#within(value, block, [value], undefined);
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
    data: ReadonlyMap<string, Value> | undefined,
  ): string {
    const outer = this.#frame;
    const locals = new Map(outer.locals);
    blockParamsOf(block).forEach((name, index) => locals.set(name, params[index] ?? null));
    this.#frame = {
      contexts: [context, ...outer.contexts],
      locals,
      data: data ? [data, ...outer.data] : outer.data,
    };
    try {
      return this.text(block.program);
    } finally {
      this.#frame = outer;
    }
  }

  #call(call: Call): Value {
    const { path, params } = call;
    checkCall(this.#template, call);
    const name = (path as hbs.AST.PathExpression).original;
    const lazy = this.#lazy(name, params);
    if (lazy !== undefined) return lazy;
    const helper = helpers[name];
    if (!helper) throw new Error(`no helper ${name}`);
    const args = params.map((param) => this.#expression(param));
    try {
      return helper.call(args);
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
      throw this.#error(path, `${name}: ${error.message}`, helper.usage);
    }
  }

  #lazy(name: string, params: Call['params']): Value | undefined {
    const [first, second, third] = params as [hbs.AST.Expression, hbs.AST.Expression, hbs.AST.Expression];
    switch (name) {
      case 'and':
        return params.every((param) => isTruthy(this.#expression(param)));
      case 'or':
        return params.some((param) => isTruthy(this.#expression(param)));
      case 'default':
        return this.#optional(first) ?? this.#expression(second);
      case 'defined':
        return this.#optional(first) !== undefined;
      case 'choose':
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

  /** What a path's first name refers to, and the remaining names; undefined if it refers to nothing. */
  #start(path: hbs.AST.PathExpression): { value: Value; rest: readonly string[] } | undefined {
    const [head, ...rest] = path.parts;
    if (path.data) {
      if (head === 'root') return { value: this.#root, rest };
      const value = this.#frame.data[path.depth]?.get(head ?? '');
      return value === undefined ? undefined : { value, rest };
    }
    const context = this.#contextOf(path);
    if (head === undefined) return { value: context, rest };
    const explicit = path.depth > 0 || /^(\.|this($|[./]))/.test(path.original);
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
