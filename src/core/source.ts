/** A text file as it was read; every position in a message points into one. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
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
