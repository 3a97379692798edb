import { quotePlaceholders } from '../core/secrets.ts';

/** The word quoted so that any POSIX shell reads back exactly this text, including secrets that are put in later. */
export function quote(word: string): string {
  if (word !== '' && /^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `'${quotePlaceholders(word).replaceAll("'", `'\\''`)}'`;
}

/**
 * The words in portions that a program takes as arguments: of more than two megabytes, the environment included, the
 * kernel starts none.
 */
export function portionsOf(words: readonly string[]): string[][] {
  const portions: string[][] = [];
  let size = Infinity;
  for (const word of words) {
    size += word.length;
    if (size > largestPortion) {
      portions.push([]);
      size = word.length;
    }
    portions.at(-1)?.push(word);
  }
  return portions;
}

// Characters of up to three bytes.
const largestPortion = 400_000;

/** The words quoted and joined into one command line. */
export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(' ');
}
