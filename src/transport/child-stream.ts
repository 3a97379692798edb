import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { Duplex } from 'node:stream';

/**
 * A program's output and input as one stream, which ends the program when it is destroyed. `whyEnded` is asked when the output
 * ends: with an error that is not the end of all that was to be said.
 */
export function streamOf(
  child: ChildProcessWithoutNullStreams,
  whyEnded: () => Promise<Error | undefined>,
): Duplex {
  const { stdin, stdout } = child;
  // What goes wrong with the program's input shows in how it ends.
  stdin.on('error', () => undefined);
  const stream = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk, _encoding, done) => void stdin.write(chunk, () => done()),
    final: (done) => void stdin.end(done),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  stdout.on('data', (chunk: Buffer) => stream.push(chunk) || stdout.pause());
  stdout.once('end', () => {
    void whyEnded().then((error) => (error ? stream.destroy(error) : stream.push(null)));
  });
  // Whoever uses the stream may not listen yet, or no longer.
  stream.on('error', () => undefined);
  return stream;
}
