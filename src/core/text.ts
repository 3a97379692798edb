import { isUtf8 } from 'node:buffer';

/** Bytes as text; undefined when they are none in UTF-8: some of them would be lost. */
export function decodeText(bytes: Buffer): string | undefined {
  return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString() : undefined;
}
