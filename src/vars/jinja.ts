/** An expression of ours, as a part of a larger one. */
interface Translated {
  readonly text: string;
  /** A call, which stands in parentheses where it is an argument. */
  readonly isCall: boolean;
  /** True or false in both languages; `and` and `or` of other things give one of them in Jinja. */
  readonly isBoolean: boolean;
  /** A list, to which `| list` adds nothing. */
  readonly isList: boolean;
}

const tokens = /\s*(?:([a-zA-Z_]\w*)|(\d+(?:\.\d+)?)|'([^'"\\]*)'|"([^'"\\]*)"|(==|!=|<=|>=|[<>|()[\].,=]))/y;

const comparisons: Readonly<Record<string, string>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
};

/** Filters with a helper that gives the same for the same arguments, and how many of these there are. */
const filters: Readonly<
  Record<
    string,
    { readonly helper: string; readonly takes: number; readonly isList?: true; readonly isBoolean?: true }
  >
> = {
  default: { helper: 'default', takes: 1 },
  d: { helper: 'default', takes: 1 },
  length: { helper: 'length', takes: 0 },
  count: { helper: 'length', takes: 0 },
  lower: { helper: 'lower', takes: 0 },
  upper: { helper: 'upper', takes: 0 },
  trim: { helper: 'trim', takes: 0 },
  bool: { helper: 'bool', takes: 0, isBoolean: true },
  int: { helper: 'int', takes: 0 },
  first: { helper: 'first', takes: 0 },
  last: { helper: 'last', takes: 0 },
  basename: { helper: 'basename', takes: 0 },
  unique: { helper: 'unique', takes: 0, isList: true },
  join: { helper: 'join', takes: 1 },
  split: { helper: 'split', takes: 1, isList: true },
  replace: { helper: 'replace', takes: 2 },
  combine: { helper: 'merge', takes: 1 },
};

const words = ['and', 'or', 'not', 'in', 'is', 'if', 'else', 'none', 'None', 'null'];

/** Ends the translation: not all of it is understood. */
class Unknown extends Error {}

/**
 * A Jinja expression in our own words, where they come to the same; undefined where that is not sure. Of a condition only
 * the truth counts.
 */
export function translateJinja(source: string, isCondition: boolean): string | undefined {
  try {
    return new Translation(source).whole(isCondition);
  } catch (error) {
    if (error instanceof Unknown) return undefined;
    throw error;
  }
}

class Translation {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(source: string) {
    this.#tokens = tokensOf(source.trim());
  }

  whole(isCondition: boolean): string {
    const found = this.#either(isCondition);
    if (this.#at < this.#tokens.length) throw new Unknown();
    return found.text;
  }

  #take(...expected: readonly string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || !expected.includes(token)) return undefined;
    this.#at++;
    return token;
  }

  #expect(token: string): void {
    if (this.#take(token) === undefined) throw new Unknown();
  }

  /** `A if CONDITION else B`. */
  #either(truth: boolean): Translated {
    const value = this.#any('or', truth);
    if (!this.#take('if')) return value;
    const condition = this.#any('or', true);
    this.#expect('else');
    const other = this.#either(truth);
    return { ...call('choose', condition, value, other), isBoolean: value.isBoolean && other.isBoolean };
  }

  #any(word: 'or' | 'and', truth: boolean): Translated {
    const next = () => (word === 'or' ? this.#any('and', truth) : this.#not(truth));
    const parts = [next()];
    while (this.#take(word)) parts.push(next());
    const [first] = parts;
    if (!first) throw new Unknown();
    if (parts.length === 1) return first;
    if (!truth && !parts.every(({ isBoolean }) => isBoolean)) throw new Unknown();
    return { ...call(word, ...parts), isBoolean: true };
  }

  #not(truth: boolean): Translated {
    if (!this.#take('not')) return this.#comparison(truth);
    return { ...call('not', this.#not(true)), isBoolean: true };
  }

  #comparison(truth: boolean): Translated {
    const left = this.#value(truth);
    const sign = this.#take(...Object.keys(comparisons));
    const helper = comparisons[sign ?? ''];
    if (helper !== undefined) return { ...call(helper, left, this.#value(false)), isBoolean: true };
    const isNot = this.#take('not') !== undefined;
    if (!this.#take('in')) {
      if (isNot) throw new Unknown();
      return left;
    }
    const within = call('in', left, this.#value(false));
    return { ...(isNot ? call('not', within) : within), isBoolean: true };
  }

  /** Something with its filters and tests. */
  #value(truth: boolean): Translated {
    let value = this.#primary(truth);
    for (;;) {
      if (this.#take('|')) value = this.#filter(value);
      else if (this.#take('is')) value = this.#test(value);
      else return value;
    }
  }

  #filter(value: Translated): Translated {
    const name = this.#name();
    const args: Translated[] = [];
    if (this.#take('(')) {
      if (name === 'map' && this.#take('attribute')) this.#expect('=');
      do args.push(this.#either(false));
      while (this.#take(','));
      this.#expect(')');
    }
    if (name === 'list' && args.length === 0 && value.isList) return value;
    const [key] = args;
    if (name === 'map' && args.length === 1 && key && /^"\w+"$/.test(key.text))
      return { ...call('map', value, key), isList: true };
    const known = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (!known || args.length !== known.takes) throw new Unknown();
    return {
      ...call(known.helper, value, ...args),
      isList: known.isList ?? false,
      isBoolean: known.isBoolean ?? false,
    };
  }

  #test(value: Translated): Translated {
    const isNot = this.#take('not') !== undefined;
    const name = this.#name();
    const asked = testOf(name, value);
    if (!asked) throw new Unknown();
    const { test, isOpposite } = asked;
    return { ...(isNot === isOpposite ? test : call('not', test)), isBoolean: true };
  }

  #primary(truth: boolean): Translated {
    if (this.#take('(')) {
      const inner = this.#either(truth);
      this.#expect(')');
      return inner;
    }
    if (this.#take('[')) return this.#list();
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw new Unknown();
    if (/^["\d]/.test(token)) return plain(token);
    if (/^(true|false)$/i.test(token)) return { ...plain(token.toLowerCase()), isBoolean: true };
    if (!/^\w/.test(token) || words.includes(token)) throw new Unknown();
    let path = token;
    for (;;) {
      if (this.#take('.')) path += `.${this.#name()}`;
      else if (this.#take('[')) path += this.#key();
      else if (this.#tokens[this.#at] === '(') throw new Unknown();
      else return plain(path);
    }
  }

  #list(): Translated {
    const items: Translated[] = [];
    while (!this.#take(']')) {
      items.push(this.#either(false));
      if (!this.#take(',')) {
        this.#expect(']');
        break;
      }
    }
    return { ...call('list', ...items), isList: true };
  }

  #key(): string {
    const key = this.#tokens[this.#at++] ?? '';
    this.#expect(']');
    if (/^\d+$/.test(key)) return `.[${key}]`;
    if (!/^"[\w-]+"$/.test(key)) throw new Unknown();
    const name = key.slice(1, -1);
    return /^[a-zA-Z_]\w*$/.test(name) ? `.${name}` : `.[${name}]`;
  }

  #name(): string {
    const name = this.#tokens[this.#at++];
    if (name === undefined || !/^[a-zA-Z_]/.test(name)) throw new Unknown();
    return name;
  }
}

/** Names, numbers and signs as they are, texts in double quotes. */
function tokensOf(source: string): string[] {
  const found: string[] = [];
  tokens.lastIndex = 0;
  while (tokens.lastIndex < source.length) {
    const match = tokens.exec(source);
    if (!match) throw new Unknown();
    const [, name, number, single, double, sign] = match;
    found.push(name ?? number ?? sign ?? `"${single ?? double ?? ''}"`);
  }
  return found;
}

function plain(text: string): Translated {
  return { text, isCall: false, isBoolean: false, isList: false };
}

function call(helper: string, ...args: readonly Translated[]): Translated {
  const shown = args.map(({ text, isCall }) => (isCall ? `(${text})` : text));
  return { ...plain([helper, ...shown].join(' ')), isCall: true };
}

/** What a test asks for, and whether it is the opposite of that. */
function testOf(name: string, value: Translated): { test: Translated; isOpposite: boolean } | undefined {
  switch (name) {
    case 'defined':
      return { test: call('defined', value), isOpposite: false };
    case 'undefined':
      return { test: call('defined', value), isOpposite: true };
    case 'changed':
    case 'failed':
    case 'skipped':
      return value.isCall ? undefined : { test: plain(`${value.text}.${name}`), isOpposite: false };
    case 'succeeded':
    case 'success':
      return value.isCall ? undefined : { test: plain(`${value.text}.failed`), isOpposite: true };
    default:
      return undefined;
  }
}
