import { quotePlaceholders } from '../core/secrets.ts';

/** The word quoted so that any POSIX shell reads back exactly this text, secrets put in later included. */
export function quote(word: string): string {
  if (word !== '' && /^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `'${quotePlaceholders(word).replaceAll("'", `'\\''`)}'`;
}

/** The words quoted and joined into one command line. */
export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(' ');
}
