import { linesOf, placeIn, type Place } from '../file-edit.ts';
import { expandGroups, pythonExpression } from '../python-expression.ts';

interface LinePlace extends Place {
  readonly line?: string | undefined;
  readonly regexp?: string | undefined;
  readonly backrefs: boolean;
}

/** The text with the line in it, as Ansible's lineinfile would have it. */
export function putLine(text: string, place: LinePlace): string {
  const { line = '', regexp, backrefs } = place;
  const lines = linesOf(text);
  const expression = regexp === undefined ? undefined : pythonExpression(regexp);
  const match = expression ? lines.findLastIndex((candidate) => expression.test(candidate)) : -1;
  if (expression && match >= 0) {
    const former = lines[match] ?? '';
    lines[match] = ended(backrefs ? expandGroups(line, expression, former) : line);
    return lines.join('');
  }
  const same = lines.findLastIndex((candidate) => withoutEnd(candidate) === line);
  if (same >= 0) lines[same] = ended(line);
  else if (!backrefs) {
    const at = placeIn(lines, place);
    if (at > 0) lines[at - 1] = ended(lines[at - 1] ?? '');
    lines.splice(at, 0, `${line}\n`);
  }
  return lines.join('');
}

/** The text without the lines that match, or that are equal to the line. */
export function removeLines(text: string, { line, regexp }: LinePlace): string {
  const expression = regexp === undefined ? undefined : pythonExpression(regexp);
  const gone = (candidate: string) =>
    expression ? expression.test(candidate) : withoutEnd(candidate) === line;
  return linesOf(text)
    .filter((candidate) => !gone(candidate))
    .join('');
}

function ended(line: string): string {
  return line.endsWith('\n') ? line : `${line}\n`;
}

function withoutEnd(line: string): string {
  return line.replace(/[\r\n]+$/, '');
}
