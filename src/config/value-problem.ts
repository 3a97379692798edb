import { LazyMap, textOf, type Value } from '../vars/value.ts';
import type { Declaration } from './declarations.ts';
import { formats } from './formats.ts';

/** What is wrong with a variable's value, and where in it. */
export interface ValueProblem {
  /** To be read after the variable's name. */
  readonly message: string;
  readonly path: readonly (string | number)[];
  readonly hint?: string;
}

/** What is wrong with a variable's value; undefined if it is valid. */
export function valueProblem(declaration: Declaration, value: Value): ValueProblem | undefined {
  const { type, choices, minimum, maximum, pattern, format, unit } = declaration;
  const problem = (message: string) => ({ message, path: [] });
  const ofType = typeProblem(type, value);
  if (ofType !== undefined) return problem(ofType);
  const unprintable = controlCharacter(value);
  if (unprintable) return unprintable;
  if (choices && !choices.some((choice) => choice === value))
    return problem(`must be one of ${choices.join(', ')}`);
  const suffix = unit === undefined ? '' : ` ${unit}`;
  if (typeof value === 'number') {
    if (minimum !== undefined && value < minimum) return problem(`must be at least ${minimum}${suffix}`);
    if (maximum !== undefined && value > maximum) return problem(`must be at most ${maximum}${suffix}`);
  }
  const text = textOf(value);
  if (text !== undefined && pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(text))
    return problem(`must match ${pattern}`);
  return format && formatProblem(formats[format], value);
}

function formatProblem(
  format: (typeof formats)[keyof typeof formats],
  value: Value,
): ValueProblem | undefined {
  for (const [index, item] of (Array.isArray(value) ? value : [value]).entries()) {
    const message = typeof item === 'string' ? format(item) : 'must hold texts';
    if (message !== undefined) return { message, path: Array.isArray(value) ? [index] : [] };
  }
  return undefined;
}

// Every declared text may become a part of a line somewhere. A tab does no harm there; half a surrogate pair does.
const unprintable = /(?!\t)[\p{Cc}\p{Cs}\u2028\u2029]/u;

/** The first text or key with a character that would end a line or could not be seen. */
function controlCharacter(value: Value, path: readonly (string | number)[] = []): ValueProblem | undefined {
  if (typeof value === 'string') {
    const [found] = unprintable.exec(value) ?? [];
    if (found === undefined) return undefined;
    const code = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    const isBreak = /[\n\r\u0085\u2028\u2029]/.test(found);
    return {
      message: isBreak ? 'holds a line break' : `holds a control character (U+${code})`,
      path,
      ...(value.endsWith('\n') && value.indexOf('\n') === value.length - 1
        ? { hint: 'a text after | or > ends with a line break: |- and >- leave it out' }
        : {}),
    };
  }
  if (value === null || typeof value !== 'object' || value instanceof LazyMap) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    const found = controlCharacter(key, at) ?? controlCharacter(inner, at);
    if (found) return found;
  }
  return undefined;
}

function typeProblem(type: Declaration['type'], value: Value): string | undefined {
  switch (type) {
    case 'text':
      return typeof value === 'string' ? undefined : 'must be text';
    case 'secret':
      // Patroni 3.0 fails on passwords with others, and what is typed elsewhere may be in another encoding.
      return typeof value === 'string' && /^[ -~]+$/.test(value)
        ? undefined
        : 'must be text of printable ASCII characters';
    case 'integer':
      return Number.isInteger(value) ? undefined : 'must be a whole number';
    case 'number':
      return typeof value === 'number' ? undefined : 'must be a number';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'list':
      return Array.isArray(value) ? undefined : 'must be a list';
    case 'map':
      return value !== null && typeof value === 'object' && !Array.isArray(value)
        ? undefined
        : 'must be a map';
    case 'version':
      return typeof value === 'string' || typeof value === 'number' ? undefined : 'must be a version';
  }
}
