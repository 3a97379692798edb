import { isUtf8 } from 'node:buffer';

/** Bytes as text; undefined when they are none in UTF-8: some of them would be lost. */
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
