// What hosts, etcd, files and arguments say is not drover's own: on a terminal it could move the cursor, recolour
// what stands there, or turn the direction of the text around.

/** Control characters (C0, DEL, C1), what changes the direction of text, and line ends that are none to a terminal. */
const unsafe = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** The colours of `painter`. */
const colours = new RegExp(`(${String.fromCharCode(27)}\\[(?:1|2|22|3[1-6]|39)m)`);

/** Text as it may go to a terminal: line feeds and tabs are left, all else that is no character is spelt out. */
export function visible(text: string): string {
  return text.replace(unsafe, (character) => (/[\n\t]/.test(character) ? character : spell(character)));
}

/** The same for what has to stay on its line. */
export function visibleLine(text: string): string {
  return text.replace(unsafe, spell);
}

/** The same for text that `painter` has coloured. */
export function visibleInColour(text: string): string {
  return text
    .split(colours)
    .map((part, index) => (index % 2 === 1 ? part : visible(part)))
    .join('');
}

/** JSON says the same with these escaped, which it does not ask for beyond C0. */
export function visibleJson(json: string): string {
  return json.replace(unsafe, (character) =>
    /[\n\t\r]/.test(character) ? character : `\\u${hex(character).padStart(4, '0')}`,
  );
}

function spell(character: string): string {
  const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  const code = hex(character);
  return short[character] ?? (code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code}`);
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}
