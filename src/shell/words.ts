/** Splits a command line into words as a shell does, without expanding anything. Undefined when a quote stays open. */
export function splitWords(line: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quoteMark = '';
  const append = (char: string) => (word = (word ?? '') + char);
  // A backslash before a line break joins the lines.
  const escaped = (char: string) => char !== '\n' && append(char);
  for (let index = 0; index < line.length; index++) {
    const char = line.charAt(index);
    if (quoteMark !== '') {
      if (char === quoteMark) quoteMark = '';
      else if (char === '\\' && quoteMark === '"' && /["\\$`\n]/.test(line.charAt(index + 1)))
        escaped(line.charAt(++index));
      else append(char);
    } else if (char === '"' || char === "'") {
      quoteMark = char;
      word ??= '';
    } else if (/[ \t\n]/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === '\\' && index + 1 < line.length) {
      escaped(line.charAt(++index));
    } else {
      append(char);
    }
  }
  if (quoteMark !== '') return undefined;
  if (word !== undefined) words.push(word);
  return words;
}
