import { placeIn, type Place } from '../file-edit.ts';

interface BlockPlace extends Place {
  readonly marker: string;
  readonly block: string;
}

/** The text with the block in it: in place of the former one, or at the place asked for (the end, by default). */
export function insertBlock(text: string, place: BlockPlace): string {
  const lines = toLines(text);
  const [begin, end] = markers(place.marker);
  const block = [begin, ...toLines(place.block), end];
  const found = find(lines, begin, end);
  if (found) {
    lines.splice(found.start, found.count, ...block);
  } else {
    lines.splice(placeIn(lines, place), 0, ...block);
  }
  return toText(lines);
}

/** The text without the block and its markers. */
export function removeBlock(text: string, marker: string): string {
  const lines = toLines(text);
  const [begin, end] = markers(marker);
  const found = find(lines, begin, end);
  if (!found) return text;
  lines.splice(found.start, found.count);
  return toText(lines);
}

function markers(marker: string): [string, string] {
  return [marker.replace('{mark}', 'BEGIN'), marker.replace('{mark}', 'END')];
}

function find(
  lines: readonly string[],
  begin: string,
  end: string,
): { start: number; count: number } | undefined {
  // A marker that lost its other half encloses nothing: what follows it is somebody else's.
  const last = lines.findLastIndex((line, index) => line === end && lines.lastIndexOf(begin, index) >= 0);
  if (last < 0) return undefined;
  const start = lines.lastIndexOf(begin, last);
  return { start, count: last - start + 1 };
}

function toLines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function toText(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
