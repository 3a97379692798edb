import { placeIn, type Place } from '../file-edit.ts';

interface LinePlace extends Place {
  readonly line?: string | undefined;
  readonly regexp?: string | undefined;
  readonly backrefs: boolean;
}

/** The text with the line in it, as Ansible's lineinfile would have it. */
export function putLine(text: string, place: LinePlace): string {
  const { line = '', regexp, backrefs } = place;
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const expression = regexp === undefined ? undefined : new RegExp(regexp);
  const match = expression ? lines.findLastIndex((candidate) => expression.test(candidate)) : -1;
  if (expression && match >= 0) {
    const former = lines[match] ?? '';
    const wanted = backrefs ? expand(line, expression, former) : line;
    if (wanted === former) return text;
    lines[match] = wanted;
  } else if (backrefs || lines.includes(line)) {
    return text;
  } else {
    lines.splice(placeIn(lines, place), 0, line);
  }
  return `${lines.join('\n')}\n`;
}

/** The text without the lines that match, or that are equal to the line. */
export function removeLines(text: string, { line, regexp }: LinePlace): string {
  const expression = regexp === undefined ? undefined : new RegExp(regexp);
  const gone = (candidate: string) => (expression ? expression.test(candidate) : candidate === line);
  const lines = text.replace(/\n$/, '').split('\n');
  const kept = lines.filter((candidate) => !gone(candidate));
  if (kept.length === lines.length) return text;
  return kept.length === 0 ? '' : `${kept.join('\n')}\n`;
}

function expand(line: string, expression: RegExp, former: string): string {
  const groups = expression.exec(former) ?? [];
  return line.replace(/\\(\d)/g, (_, digit: string) => groups[Number(digit)] ?? '');
}
