import { isUtf8 } from 'node:buffer';

/** Bytes as text; undefined if they are not valid UTF-8, as some would be lost. */
export function decodeText(bytes: Buffer): string | undefined {
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString() : undefined;
}

/** The last four lines of a command's output, on one line. */
export function lastLines(output: string): string {
  const lines = output
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-4).join('; ').slice(-600) || 'it said nothing';
}

/** Bytes for people: `1.5 MiB`. */
export function showBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
