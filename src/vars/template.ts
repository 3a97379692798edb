import Handlebars from 'handlebars';
import type { Diagnostic } from '../core/diagnostics.ts';
import { rangeWithin, type ScalarNode } from '../core/node.ts';
import { parsedAtBuild } from '../core/parsed.ts';
import type { SourceFile, SourceRange } from '../core/source.ts';
import { translateJinja } from './jinja.ts';

/** A template or expression is wrong, or refers to something that does not exist. */
export class TemplateError extends Error {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic, options?: ErrorOptions) {
    super(diagnostic.message, options);
    this.name = 'TemplateError';
    this.diagnostic = diagnostic;
  }
}

/** A parsed template, with the mapping from its nodes to the user's file. */
export interface Template {
  readonly program: hbs.AST.Program;
  /** The sole expression, when the text is one `{{ }}` and nothing else: it keeps its type. */
  readonly single: hbs.AST.MustacheStatement | undefined;
  /** It is a condition: of its value only the truth counts. */
  readonly isCondition: boolean;
  /** The text from one node to another. */
  between(first: hbs.AST.Node, last: hbs.AST.Node): string;
  place(node: hbs.AST.Node): SourceRange | undefined;
}

type Place = (offset: number, length: number) => SourceRange | undefined;

let programs: Map<string, hbs.AST.Program> | undefined;

/** True when a text has something to render. */
export function isTemplate(text: string): boolean {
  return text.includes('{{');
}

/** A scalar of a YAML file as a template. */
export function templateOfScalar(node: ScalarNode): Template {
  return parse(String(node.value), (offset, length) => rangeWithin(node, offset, length));
}

/** A scalar of a YAML file as the inside of one `{{ }}`. */
export function templateOfExpression(node: ScalarNode): Template {
  const text = node.text;
  if (isTemplate(text)) {
    const hint = 'the whole of it is one expression: leave out the braces';
    throw new TemplateError({ message: 'braces in an expression', at: node.range, hint });
  }
  const place: Place = (offset, length) => rangeWithin(node, Math.max(0, offset - 2), length);
  return parse(`{{${text}}}`, place, true);
}

/** A whole file as a template. */
export function templateOfFile(file: SourceFile): Template {
  return parse(file.text, (offset, length) => ({ file, start: offset, end: offset + length }));
}

/** Parsed templates, by text. */
export function parsedTemplates(): ReadonlyMap<string, hbs.AST.Program> {
  return programs ?? new Map<string, hbs.AST.Program>();
}

function parse(text: string, place: Place, isCondition = false): Template {
  programs ??= parsedAtBuild('template');
  let program = programs.get(text);
  if (!program) {
    refuseJinjaBlocks(text, place);
    try {
      program = Handlebars.parse(text);
    } catch (error) {
      throw new TemplateError(syntaxDiagnostic(text, error, place, isCondition), { cause: error });
    }
    programs.set(text, program);
  }
  const [only, ...rest] = program.body;
  return {
    program,
    single:
      rest.length === 0 && only?.type === 'MustacheStatement'
        ? (only as hbs.AST.MustacheStatement)
        : undefined,
    isCondition,
    between: (first, last) => text.slice(offsetOf(text, first.loc.start), offsetOf(text, last.loc.end)),
    place(node) {
      const start = offsetOf(text, node.loc.start);
      return place(start, Math.max(1, offsetOf(text, node.loc.end) - start));
    },
  };
}

function offsetOf(text: string, { line, column }: { line: number; column: number }): number {
  let lineStart = 0;
  for (let skipped = 1; skipped < line; skipped++) lineStart = text.indexOf('\n', lineStart) + 1;
  return lineStart + column;
}

function refuseJinjaBlocks(text: string, place: Place): void {
  const block = /\{%-?\s*(\w+)[^%]*%\}/.exec(text);
  if (!block) return;
  const forms: Record<string, string> = {
    if: '{{#if (eq name "value")}} … {{else}} … {{/if}}',
    for: '{{#each list as |item|}} … {{/each}}',
    set: 'a variable of the play or task (vars:)',
  };
  const form = forms[block[1] ?? ''];
  throw diagnostic({
    message: 'this is Jinja; templates here are Handlebars',
    at: place(block.index, block[0].length),
    hint: form === undefined ? undefined : `write ${form}`,
  });
}

/** Jinja's signs: `|` of a filter, and operators. */
const jinjaSign = /\||[=!<>]=|[<>]/;

function syntaxDiagnostic(text: string, error: unknown, place: Place, isCondition: boolean): Diagnostic {
  const jinja = [...text.matchAll(/\{\{([^{}]*)\}\}/g)].find(([, inner = '']) => jinjaSign.test(inner));
  if (jinja) {
    const [whole, inner = ''] = jinja;
    const [sign = ''] = jinjaSign.exec(inner) ?? [];
    const start = jinja.index + whole.length - inner.trimStart().length - 2;
    return toDiagnostic({
      message:
        sign === '|'
          ? 'this is a Jinja filter; expressions here are Handlebars'
          : `there is no operator ${sign}`,
      at: place(start, inner.trim().length),
      hint: jinjaHint(inner, isCondition, !isCondition) ?? 'the helper comes first: eq NAME "value"',
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  const line = Number(/on line (\d+)/.exec(message)?.[1] ?? 1);
  const caret = message.split('\n').find((part) => /^-*\^$/.test(part));
  const start = offsetOf(text, { line, column: 0 });
  const expected = /Expecting .*$/m.exec(message)?.[0] ?? message.split('\n')[0] ?? message;
  const column = caret === undefined ? 0 : Math.max(0, caret.length - 1);
  return toDiagnostic({
    message: 'not a valid template',
    at: place(Math.min(start + column, Math.max(0, text.length - 1)), 1),
    hint: expected,
  });
}

/** What to write instead of a Jinja expression; undefined where nothing means the same for sure. */
export function jinjaHint(source: string, isCondition: boolean, inBraces: boolean): string | undefined {
  const ours = translateJinja(source, isCondition);
  return ours === undefined ? undefined : `write ${inBraces ? `{{ ${ours} }}` : ours}`;
}

interface LooseDiagnostic {
  message: string;
  at?: SourceRange | undefined;
  hint?: string | undefined;
}

function toDiagnostic({ message, at, hint }: LooseDiagnostic): Diagnostic {
  return { message, ...(at ? { at } : {}), ...(hint === undefined ? {} : { hint }) };
}

/** A TemplateError from parts of which some may be missing. */
export function diagnostic(parts: LooseDiagnostic): TemplateError {
  return new TemplateError(toDiagnostic(parts));
}
