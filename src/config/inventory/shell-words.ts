/** A word of a line, quotes resolved, with its place in the line. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Splits a line as Python's shlex does for Ansible: quotes join, a backslash escapes, and `#` begins a comment, even
 * within a word. Returns what is wrong instead where a quote or an escape has no end.
 */
export function splitWords(line: string): Word[] | string {
  const words: Word[] = [];
  let at = 0;
  while (at < line.length) {
    if (/[ \t\r\n]/.test(line.charAt(at))) at++;
    else if (line[at] === '#') break;
    else {
      const word = readWord(line, at);
      if (typeof word === 'string') return word;
      words.push(word);
      at = word.end;
    }
  }
  return words;
}

function readWord(line: string, start: number): Word | string {
  let text = '';
  let at = start;
  for (; at < line.length && !/[ \t\r\n#]/.test(line.charAt(at)); at++) {
    const char = line.charAt(at);
    if (char === '\\') {
      if (at + 1 === line.length) return 'nothing follows the backslash';
      text += line.charAt(++at);
    } else if (char === '"' || char === "'") {
      const end = endOfQuoted(line, at);
      if (end === undefined) return `the quote ${char} is not closed`;
      const inside = line.slice(at + 1, end);
      text += char === '"' ? inside.replace(/\\([\\"])/g, '$1') : inside;
      at = end;
    } else text += char;
  }
  return { text, start, end: at };
}

/** Where the closing quote is. Only within double quotes does a backslash escape. */
function endOfQuoted(line: string, start: number): number | undefined {
  const quote = line.charAt(start);
  for (let at = start + 1; at < line.length; at++) {
    if (line[at] === quote) return at;
    if (quote === '"' && line[at] === '\\') at++;
  }
  return undefined;
}
