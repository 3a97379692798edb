import * as z from 'zod';

/**
 * A regular expression of Python's, which is what Ansible's modules take, as one of JavaScript's that matches the same
 * lines. Throws SyntaxError for what Python would refuse, and for what has no counterpart.
 */
export function pythonExpression(pattern: string): RegExp {
  const [whole = '', flags = ''] = /^\(\?([a-zA-Z]+)\)/.exec(pattern) ?? [];
  const foreign = /[^aims]/.exec(flags)?.[0];
  if (foreign !== undefined) throw new SyntaxError(`has the flag ${foreign}, which is not supported`);
  const source = new Translation(pattern.slice(whole.length), flags).source();
  try {
    return new RegExp(source, flags.includes('i') ? 'i' : '');
  } catch {
    throw new SyntaxError('is not a regular expression');
  }
}

/**
 * What Python's `match.expand` makes of a text with `\1`, `\g<1>` and `\g<name>`. Throws SyntaxError where it refers to
 * groups that the expression does not have.
 */
export function expandGroups(text: string, expression: RegExp, line: string): string {
  const match = expression.exec(line);
  const groups = new RegExp(`${expression.source}|`).exec('');
  const groupOf = (reference: string): string => {
    const isNumber = /^\d+$/.test(reference);
    const isThere = isNumber
      ? Number(reference) < (groups?.length ?? 0)
      : reference in (groups?.groups ?? {});
    if (!isThere) throw new SyntaxError(`refers to the group ${reference}, which regexp does not have`);
    return (isNumber ? match?.[Number(reference)] : match?.groups?.[reference]) ?? '';
  };
  return text.replace(
    /\\(?:g<(\w+)>|(0[0-7]{0,2}|[1-3][0-7]{2})|([1-9]\d?)|(.)|$)/gsu,
    (whole, name?: string, octal?: string, number?: string, char?: string) => {
      if (name !== undefined) return groupOf(name);
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
      if (number !== undefined) return groupOf(number);
      const control = controls[char ?? ''] ?? (char === 'b' ? '\b' : char === '\\' ? '\\' : undefined);
      if (control === undefined && (char === undefined || /[a-zA-Z]/.test(char)))
        throw new SyntaxError(`holds ${whole}, which is no escape of Python’s`);
      return control ?? whole;
    },
  );
}

/** A parameter that holds a regular expression of Python's. */
export const pythonPattern = z.string().superRefine((pattern, context) => {
  const problem = problemOf(() => pythonExpression(pattern));
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

/** What is wrong with an expression, or a text with groups; undefined when nothing is. */
export function problemOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return error.message;
  }
}

const controls: Readonly<Record<string, string>> = {
  a: '\x07',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** What `\s` is where bytes are matched, as Ansible does. */
const space = ' \\t\\n\\r\\f\\v';

class Translation {
  readonly #pattern: string;
  readonly #isMultiline: boolean;
  readonly #matchesAll: boolean;
  #at = 0;
  #groups = 0;
  readonly #names = new Set<string>();

  constructor(pattern: string, flags: string) {
    this.#pattern = pattern;
    this.#isMultiline = flags.includes('m');
    this.#matchesAll = flags.includes('s');
  }

  source(): string {
    const parts: string[] = [];
    while (this.#at < this.#pattern.length) parts.push(this.#next());
    return parts.join('');
  }

  #next(): string {
    const char = this.#take(/[^]/y);
    switch (char) {
      case '\\':
        return this.#escape();
      case '[':
        return this.#set();
      case '(':
        return this.#group();
      case '^':
        return this.#isMultiline ? '(?<![^\\n])' : start;
      case '$':
        return this.#isMultiline ? '(?![^\\n])' : '(?=\\n?(?![^]))';
      case '.':
        return this.#matchesAll ? '[^]' : '[^\\n]';
      case '{': {
        const [bounds, from, to] = this.#match(/(\d*)(,\d*)?\}/y) ?? [];
        if (bounds === undefined) return '\\{';
        if (bounds === '}') return '\\{\\}';
        return `{${from === '' ? '0' : (from ?? '')}${to ?? ''}}`;
      }
      case ']':
      case '}':
      case '/':
        return `\\${char}`;
      default:
        return char;
    }
  }

  #escape(): string {
    const octal = this.#take(/0[0-7]{0,2}|[1-3][0-7]{2}/y);
    if (octal !== '') return byCode(parseInt(octal, 8));
    const reference = this.#take(/[1-9]\d?/y);
    if (reference !== '') {
      if (Number(reference) > this.#groups)
        throw new SyntaxError(`refers to the group ${reference}, which is not there`);
      return `(?:\\${reference})`;
    }
    const char = this.#take(/[^]/y);
    switch (char) {
      case 'A':
        return start;
      case 'Z':
        return end;
      case 's':
        return `[${space}]`;
      case 'S':
        return `[^${space}]`;
      case 'b':
      case 'B':
        return `\\${char}`;
      default:
        return this.#plainEscape(char);
    }
  }

  /** An escape that means the same within a set. */
  #plainEscape(char: string): string {
    if (char === '') throw new SyntaxError('ends with a backslash');
    if (/[dDwW]/.test(char)) return `\\${char}`;
    if (char === 'x') {
      const hex = this.#take(/[\da-fA-F]{2}/y);
      if (hex === '') throw new SyntaxError('holds \\x without its two digits');
      return `\\x${hex}`;
    }
    const control = controls[char];
    if (control !== undefined) return byCode(control.charCodeAt(0));
    if (/[a-zA-Z]/.test(char)) throw new SyntaxError(`holds \\${char}, which is no escape of Python’s`);
    return /[\d\u0080-\u{10ffff}]/u.test(char) ? char : `\\${char}`;
  }

  #set(): string {
    let set = this.#take(/\^/y);
    // The first one is itself.
    if (this.#take(/\]/y) !== '') set += '\\]';
    for (;;) {
      const char = this.#take(/[^]/y);
      if (char === '') throw new SyntaxError('holds a [ without its ]');
      if (char === ']') return `[${set}]`;
      if (char === '\\') set += this.#escapeInSet();
      else set += char === '[' ? '\\[' : char;
    }
  }

  #escapeInSet(): string {
    const octal = this.#take(/[0-7]{1,3}/y);
    if (octal !== '') return byCode(parseInt(octal, 8));
    const char = this.#take(/[^]/y);
    if (char === 's') return space;
    if (char === 'b') return '\\b';
    return char === 'S' ? '\\S' : this.#plainEscape(char);
  }

  #group(): string {
    if (this.#take(/\?/y) === '') {
      this.#groups++;
      return '(';
    }
    const plain = this.#take(/[:=!]|<[=!]/y);
    if (plain !== '') return `(?${plain}`;
    const name = this.#match(/P<([a-zA-Z_]\w*)>/y)?.[1];
    if (name !== undefined) {
      this.#groups++;
      this.#names.add(name);
      return `(?<${name}>`;
    }
    const former = this.#match(/P=([a-zA-Z_]\w*)\)/y)?.[1];
    if (former !== undefined) {
      if (!this.#names.has(former))
        throw new SyntaxError(`refers to the group ${former}, which is not there`);
      return `\\k<${former}>`;
    }
    if (this.#take(/#[^)]*\)/y) !== '') return '';
    const rest = this.#pattern.slice(this.#at, this.#at + 3);
    throw new SyntaxError(`holds (?${rest}, which is not supported`);
  }

  #take(expression: RegExp): string {
    return this.#match(expression)?.[0] ?? '';
  }

  #match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#pattern);
    this.#at += match?.[0].length ?? 0;
    return match;
  }
}

const start = '(?<![^])';
const end = '(?![^])';

function byCode(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`;
}
