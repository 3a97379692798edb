import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Colours text, if the output is a terminal. */
export type Paint = (format: Format, text: string) => string;

export function painter(colour: boolean): Paint {
  return (format, text) => (colour ? styleText(format, text, { validateStream: false }) : text);
}

/** Text cut to a width; an ellipsis marks the cut. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
