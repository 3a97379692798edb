/** A text file as it was read; every position in a message points into one. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** It was encrypted: its text is not to be shown. */
  readonly secret?: true;
}

/** A file with its text, or without one a folder, by its path below the place that all of them are copied to. */
export interface TreeEntry {
  readonly path: string;
  readonly content?: string;
}

/** The path of an entry on the host. Not normalised: what `..` after a link leads to, only the host knows. */
export function pathOf({ path }: TreeEntry, dest: string): string {
  return dest === '/' ? `/${path}` : `${dest}/${path}`;
}

/** A folder as read: all its entries, folders before their content. */
export interface SourceFolder {
  readonly tree: readonly TreeEntry[];
}

/** A stretch of a source file, by offsets into its text. */
export interface SourceRange {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** 1-based line and column of an offset. */
export function positionOf(file: SourceFile, offset: number): Position {
  const before = file.text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** `file:line:column` of a range's start. */
export function formatPlace(range: SourceRange): string {
  const { line, column } = positionOf(range.file, range.start);
  return `${range.file.path}:${line}:${column}`;
}
