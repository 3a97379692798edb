import { visible, visibleInColour, visibleJson } from '../output/visible.ts';

/** Writes text for people. All that drover prints goes through here, but for what is read by programs. */
export function writeText(stream: NodeJS.WriteStream, text: string): void {
  // Only to a terminal does drover write colours of its own.
  stream.write(stream.isTTY ? visibleInColour(text) : visible(text));
}

/** Writes a line to stdout: what was asked for. */
export function print(text: string): void {
  writeText(process.stdout, `${text}\n`);
}

/** Writes a line to stderr: what is told beside it. */
export function say(text: string): void {
  writeText(process.stderr, `${text}\n`);
}

/** Writes data to stdout. */
export function printJson(data: unknown, indent?: number): void {
  process.stdout.write(`${visibleJson(JSON.stringify(data, null, indent))}\n`);
}

/** Has what follows take the place of what a terminal shows. */
export function clearScreen(stream: NodeJS.WriteStream): void {
  if (stream.isTTY) stream.write('\u001b[H\u001b[2J');
}
