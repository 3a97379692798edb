import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Vault } from '../../../src/core/secrets.ts';
import { portionsOf, quote, quoteAll } from '../../../src/shell/quote.ts';
import { splitWords } from '../../../src/shell/words.ts';

/** The words that a shell makes of each line; undefined for a line that it refuses. */
function wordsOf(shell: string, lines: readonly string[]): (string[] | undefined)[] {
  const script = `for line; do (eval "printf '%s\\0' . $line") 2>/dev/null; printf '%s\\0' "end $?"; done`;
  const { stdout } = spawnSync(shell, ['-c', script, 'sh', ...lines], { encoding: 'utf8' });
  const found: (string[] | undefined)[] = [];
  let words: string[] = [];
  for (const word of stdout.split('\0').slice(0, -1)) {
    if (/^end \d+$/.test(word)) {
      found.push(word === 'end 0' ? words.slice(1) : undefined);
      words = [];
    } else words.push(word);
  }
  return found;
}

// An argument can hold any character but NUL.
const word = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''));
const awkward = fc
  .array(fc.constantFrom("'", '"', '\\', '$(x)', '`', '\n', ' ', '*', '~', '#', '!', 'é', '-n', '%s'))
  .map((parts) => parts.join(''));
const words = fc.array(fc.oneof(word, awkward), { minLength: 1, maxLength: 20 });

describe('quote', () => {
  test.each(['/bin/sh', 'bash'])('%s reads back every word exactly', { timeout: 60_000 }, (shell) => {
    fc.assert(
      fc.property(words, (all) => {
        expect(wordsOf(shell, [quoteAll(all)])).toEqual([all]);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['/etc/haproxy/haproxy.cfg', '/etc/haproxy/haproxy.cfg'],
    ['a=b@c:d,e%f+g-h', 'a=b@c:d,e%f+g-h'],
    ['', "''"],
    ['~root', "'~root'"],
    ['a b', "'a b'"],
    ["it's", "'it'\\''s'"],
  ])('%s', (text, quoted) => {
    expect(quote(text)).toBe(quoted);
  });
});

describe('secrets', () => {
  const secret = fc.oneof(word, awkward).filter((text) => text !== '' && !/[\uE000\uE001]/.test(text));
  const around = fc.oneof(awkward, fc.constant(''));
  // Of a value, as a line that prints it with a mark before and after; each level is a shell's.
  const nest = (text: string, depth: number): string => {
    if (depth === 1) return `printf '%s\\0' ${quote(text)}`;
    const inner = nest(text, depth - 1);
    return depth % 2 === 0 ? `eval ${quote(inner)}` : `sh -c ${quote(inner)}`;
  };

  test('arrive in a shell as they are, however deep they are quoted', { timeout: 60_000 }, () => {
    const given = fc.record({ before: around, secret, after: around, depth: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(fc.array(given, { minLength: 1, maxLength: 10 }), (all) => {
        const vault = new Vault();
        const lines = all.map((one, index) =>
          nest(`${one.before}${vault.seal(`s${index}`, one.secret)}${one.after}`, one.depth),
        );
        const script = vault.reveal(lines.join('\n'));
        const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
        expect(stdout.split('\0').slice(0, -1)).toEqual(
          all.map((one) => `${one.before}${one.secret}${one.after}`),
        );
      }),
      { numRuns: 40 },
    );
  });

  test('stand for the same text as if it had been quoted itself', () => {
    fc.assert(
      fc.property(around, secret, around, fc.integer({ min: 0, max: 3 }), (before, value, after, depth) => {
        const vault = new Vault();
        const deep = (text: string) =>
          // A word that needs no quotes gets them because it holds a secret.
          Array.from({ length: depth }).reduce<string>((quoted) => quote(`${quoted} `), text);
        const sealed = deep(`${before}${vault.seal('s', value)}${after}`);
        expect(vault.reveal(sealed)).toBe(deep(`${before}${value}${after}`));
      }),
    );
  });

  test('survive being split into words', () => {
    fc.assert(
      fc.property(around, secret, around, (before, value, after) => {
        const vault = new Vault();
        const words = ['echo', `${before}${vault.seal('s', value)}${after}`];
        expect(splitWords(quoteAll(words))).toEqual(words);
      }),
    );
  });

  test('are what they are between quotes that somebody wrote', () => {
    const vault = new Vault();
    const sealed = vault.seal('s', "it's");
    expect(splitWords(`echo '${sealed}' "${sealed}" ${sealed}`)).toEqual(['echo', sealed, sealed, sealed]);
  });
});

describe('splitWords', () => {
  test('undoes quoteAll', () => {
    fc.assert(
      fc.property(words, (all) => {
        expect(splitWords(quoteAll(all))).toEqual(all);
      }),
    );
  });

  test(
    'splits what holds nothing to expand as a shell does, open quotes included',
    { timeout: 60_000 },
    () => {
      const part = fc.constantFrom('a', 'é', '\u00a0', '\r', ' ', '\t', "'", '"', '\\', '/', '=');
      const line = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
      fc.assert(
        fc.property(fc.array(line, { minLength: 20, maxLength: 40 }), (lines) => {
          expect(wordsOf('/bin/sh', lines)).toEqual(lines.map(splitWords));
        }),
        { numRuns: 20 },
      );
    },
  );

  test.each([
    ['  a  b ', ['a', 'b']],
    ['', []],
    [`''`, ['']],
    [`a''b "c d"'e'`, ['ab', 'c de']],
    [`"\\"\\\\\\$\\x"`, ['"\\$\\x']],
    [`'\\n' \\'`, ['\\n', "'"]],
    ['a\\ b', ['a b']],
    ['echo a \\\n  b', ['echo', 'a', 'b']],
    ['a\\\nb "c\\\nd" \'e\\\nf\'', ['ab', 'cd', 'e\\\nf']],
    ['$HOME *', ['$HOME', '*']],
    [`echo "open`, undefined],
    [`echo 'open`, undefined],
  ])('%j', (line, expected) => {
    expect(splitWords(line)).toEqual(expected);
  });
});

test('portions of words are as large as they may be, and no larger', () => {
  expect(portionsOf([])).toEqual([]);
  expect(portionsOf(['a', 'b'])).toEqual([['a', 'b']]);
  const [half, whole] = ['x'.repeat(200_000), 'x'.repeat(400_000)];
  expect(portionsOf([half, half, 'y', whole, whole]).map(({ length }) => length)).toEqual([2, 1, 1, 1]);
});
