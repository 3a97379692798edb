import { linesOf, placeIn, type Place } from '../file-edit.ts';

interface BlockPlace extends Place {
  readonly marker: string;
  readonly block: string;
}

/** The text with the block in it: in place of the former one, or at the place asked for (the end, by default). */
export function insertBlock(text: string, place: BlockPlace): string {
  const lines = linesOf(text);
  const [begin, end] = markers(place.marker);
  const block = [begin, ...linesOf(place.block.replace(/\n?$/, '\n')), end];
  const found = find(lines, begin, end);
  const at = found?.start ?? placeIn(lines, place);
  lines.splice(at, found?.count ?? 0, ...block);
  const before = lines[at - 1];
  if (before !== undefined && !before.endsWith('\n')) lines[at - 1] = `${before}\n`;
  return lines.join('');
}

/** The text without the block and its markers. */
export function removeBlock(text: string, marker: string): string {
  const lines = linesOf(text);
  const [begin, end] = markers(marker);
  const found = find(lines, begin, end);
  if (!found) return text;
  lines.splice(found.start, found.count);
  return lines.join('');
}

function markers(marker: string): [string, string] {
  return [`${marker.replace('{mark}', 'BEGIN')}\n`, `${marker.replace('{mark}', 'END')}\n`];
}

function find(
  lines: readonly string[],
  begin: string,
  end: string,
): { start: number; count: number } | undefined {
  // The last line may lack its end.
  const isLine = (line: string, marker: string) => line === marker || `${line}\n` === marker;
  const beginBefore = (index: number) =>
    lines.findLastIndex((line, place) => place <= index && isLine(line, begin));
  // A marker that lost its other half encloses nothing: what follows it is somebody else's.
  const last = lines.findLastIndex((line, index) => isLine(line, end) && beginBefore(index) >= 0);
  if (last < 0) return undefined;
  const start = beginBefore(last);
  return { start, count: last - start + 1 };
}
