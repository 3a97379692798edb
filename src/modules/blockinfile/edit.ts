interface BlockPlace {
  readonly marker: string;
  readonly block: string;
  readonly insertafter?: string | undefined;
  readonly insertbefore?: string | undefined;
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
    lines.splice(position(lines, place), 0, ...block);
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

function position(lines: readonly string[], { insertafter, insertbefore }: BlockPlace): number {
  if (insertbefore === 'BOF') return 0;
  const pattern = insertbefore ?? insertafter;
  if (pattern === undefined || pattern === 'EOF') return lines.length;
  const match = lines.findLastIndex((line) => new RegExp(pattern).test(line));
  if (match < 0) return lines.length;
  return insertbefore === undefined ? match + 1 : match;
}

function toLines(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function toText(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
