import { unquotePlaceholders } from '../core/secrets.ts';

/** Splits a command line into words as a shell does, without expanding anything. Undefined when a quote stays open. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  const append = (char: string) => (word = (word ?? '') + char);
  // A backslash before a line break joins the lines.
  const escaped = (char: string) => char !== '\n' && append(char);
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index);
    if (isQuoted) {
      if (char === '"') isQuoted = false;
      else if (char === '\\' && /["\\$`\n]/.test(line.charAt(index + 1))) escaped(line.charAt(++index));
      else append(char);
    } else if (char === '"') {
      isQuoted = true;
      word ??= '';
    } else if (char === "'") {
      const end = line.indexOf("'", index + 1);
      if (end === -1) return undefined;
      append(unquotePlaceholders(line.slice(index + 1, end)));
      index = end;
    } else if (/[ \t\n]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === '\\' && index + 1 < line.length) {
      escaped(line.charAt(++index));
    } else {
      append(char);
    }
  }
  if (isQuoted) return undefined;
  if (word !== undefined) words.push(word);
  return words;
}
