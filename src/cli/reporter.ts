import { jsonLines } from '../output/json-lines.ts';
import type { Reporter } from '../output/reporter.ts';
import { textReporter } from '../output/text.ts';
import { asksAfter } from './ask.ts';
import type { OutputFlags } from './options.ts';
import { writeText } from './print.ts';

/** Combines all writes of one turn of the event loop into one system call. */
function writeTogether(stream: NodeJS.WriteStream): (text: string) => void {
  return (text) => {
    if (stream.writableCorked === 0) {
      stream.cork();
      process.nextTick(() => {
        stream.uncork();
      });
    }
    stream.write(text);
  };
}

export async function reporterOf(
  flags: OutputFlags & { diff?: boolean },
  run: string,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<Reporter> {
  if (flags.json) return jsonLines(run, writeTogether(process.stdout));
  if (stream.isTTY && process.env['TERM'] !== 'dumb' && flags.verbose === 0) {
    const { liveReporter } = await import('../output/live.ts');
    const options = { colour: useColour(flags.color, stream), verbosity: 0, diff: flags.diff ?? false };
    return asksAfter(liveReporter(options, stream));
  }
  return textReporter({
    colour: useColour(flags.color, stream),
    verbosity: flags.verbose,
    diff: flags.diff ?? false,
    write: (text) => writeText(stream, text),
  });
}

export function useColour(isAllowed: boolean, stream: NodeJS.WriteStream): boolean {
  return isAllowed && stream.isTTY && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb';
}
