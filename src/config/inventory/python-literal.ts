import type { Data } from '../../core/node.ts';

/** A set or dict whose member or key Python could not take: it ends the reading of the file in Ansible. */
export class UnhashableError extends Error {}

/** Deeper than this nobody nests a value by hand. */
const deepest = 100;

/**
 * Reads a Python literal as `ast.literal_eval` does: numbers, strings, True, False, None, and tuples, lists, dicts and
 * sets of them, with a comment after it. undefined for anything else, which Ansible takes as text.
 */
export function parsePythonLiteral(text: string): Data | undefined {
  return new LiteralReader(text.replace(/^[ \t]+/, '')).whole();
}

const words = new Map<string, Data>([
  ['True', true],
  ['False', false],
  ['None', null],
]);

const digits = '[0-9](?:_?[0-9])*';
const exponent = `(?:[eE][-+]?${digits})`;
const number = new RegExp(
  `0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:${digits})?\\.${digits}${exponent}?|${digits}\\.?${exponent}?`,
  'y',
);
const stringStart = /([uUrRbB]|[bB][rR]|[rR][bB])?('''|"""|'|")/y;

class LiteralReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** A value or, without brackets around it, a tuple, and nothing after it. */
  whole(): Data | undefined {
    const value = this.#items('');
    this.#match(/[ \t\f]*(?:#.*)?/y);
    return this.#at === this.#text.length ? value : undefined;
  }

  /** What stands before the closing bracket: one value, or a tuple as soon as there is a comma. */
  #items(close: string): Data | undefined {
    const items: Data[] = [];
    let isTuple = close === ')' && this.#ends(close);
    while (!(items.length > 0 && !isTuple) && !this.#ends(close)) {
      const item = this.#value();
      if (item === undefined) return undefined;
      items.push(item);
      if (!this.#takes(',')) break;
      isTuple = true;
    }
    if (close !== '' && !this.#takes(close)) return undefined;
    return isTuple ? items : items[0];
  }

  #value(): Data | undefined {
    this.#skip();
    if (++this.#depth > deepest) return undefined;
    const value = this.#one();
    this.#depth--;
    return value;
  }

  #one(): Data | undefined {
    if (this.#takes('(')) return this.#items(')');
    if (this.#takes('[')) return this.#list();
    if (this.#takes('{')) return this.#braces();
    const sign = this.#match(/[-+]/y)?.[0];
    if (sign !== undefined) {
      this.#skip();
      const value = this.#number();
      return typeof value === 'number' && sign === '-'
        ? 0 - value
        : typeof value === 'string'
          ? sign + value
          : value;
    }
    const word = this.#match(/(?:True|False|None)(?![\w"'])/y);
    return word ? words.get(word[0]) : (this.#number() ?? this.#strings());
  }

  #list(): Data[] | undefined {
    const items: Data[] = [];
    while (!this.#takes(']')) {
      const item = this.#value();
      if (item === undefined) return undefined;
      items.push(item);
      if (!this.#takes(',') && !this.#ends(']')) return undefined;
    }
    return items;
  }

  /** A dict, or a set, which becomes a list. */
  #braces(): Data | undefined {
    const entries: [string, Data][] = [];
    const members = new Map<string, Data>();
    while (!this.#takes('}')) {
      const first = this.#value();
      if (first === undefined) return undefined;
      if (this.#takes(':')) {
        const value = this.#value();
        if (value === undefined || members.size > 0) return undefined;
        entries.push([hashable(first, 'a key'), value]);
      } else {
        if (entries.length > 0) return undefined;
        members.set(hashable(first, 'a member of a set'), first);
      }
      if (!this.#takes(',') && !this.#ends('}')) return undefined;
    }
    return members.size > 0 ? [...members.values()] : Object.fromEntries(entries);
  }

  /** An integer that JavaScript would round stays text. */
  #number(): number | string | undefined {
    const text = this.#match(number)?.[0];
    // What follows belongs to it: 10.0.0.1, 5s, 2j.
    if (text === undefined || /^[\w.\u0080-\uffff]/.test(this.#text.slice(this.#at))) return undefined;
    const plain = text.replaceAll('_', '');
    if (/^\d+$/.test(plain) && /^0+[1-9]/.test(plain)) return undefined;
    const value = Number(plain);
    const isInteger = /^(\d+|0[xXoObB].*)$/.test(plain);
    return isInteger && !Number.isSafeInteger(value) ? plain : value;
  }

  /** One string or several in a row, which are one. */
  #strings(): string | undefined {
    let all: string | undefined;
    for (let part = this.#string(); part !== undefined; part = this.#string()) {
      all = (all ?? '') + part;
      this.#skip();
    }
    return all;
  }

  #string(): string | undefined {
    const start = this.#match(stringStart);
    if (!start) return undefined;
    const [, prefix = '', quote = ''] = start;
    const end = this.#endOfString(quote);
    if (end === undefined) return undefined;
    const inside = this.#text.slice(this.#at, end);
    this.#at = end + quote.length;
    return /r/i.test(prefix) ? inside : unescape(inside);
  }

  #endOfString(quote: string): number | undefined {
    for (let at = this.#at; at < this.#text.length; at++) {
      if (this.#text.startsWith(quote, at)) return at;
      if (this.#text[at] === '\\') at++;
    }
    return undefined;
  }

  #skip(): void {
    this.#match(/[ \t\f]+/y);
  }

  #ends(close: string): boolean {
    this.#skip();
    return close === '' ? /^(#|$)/.test(this.#text.slice(this.#at)) : this.#text.startsWith(close, this.#at);
  }

  #takes(char: string): boolean {
    this.#skip();
    if (!this.#text.startsWith(char, this.#at)) return false;
    this.#at += char.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found) this.#at += found[0].length;
    return found;
  }
}

/** A key as JSON writes it. */
function hashable(value: Data, as: string): string {
  if (value !== null && typeof value === 'object')
    throw new UnhashableError(`a ${Array.isArray(value) ? 'list' : 'dict'} cannot be ${as}`);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const escapes: Readonly<Record<string, string>> = {
  '\n': '',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

const escape = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g;

/** undefined where an escape is broken, or names a character: then the whole is no literal. */
function unescape(text: string): string | undefined {
  let plain = '';
  let at = 0;
  for (const { 0: whole, 1: octal, 2: two, 3: four, 4: eight, 5: other = '', index } of text.matchAll(
    escape,
  )) {
    const code = octal === undefined ? parseInt(two ?? four ?? eight ?? '', 16) : parseInt(octal, 8);
    if (/[xuUN]/.test(other) || code > 0x10ffff) return undefined;
    plain += text.slice(at, index) + (other === '' ? String.fromCodePoint(code) : (escapes[other] ?? whole));
    at = index + whole.length;
  }
  return plain + text.slice(at);
}
