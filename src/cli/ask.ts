import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { UsageError } from '../core/errors.ts';
import type { Reporter } from '../output/reporter.ts';
import type { OperationFlags } from './options.ts';
import { say, writeText } from './print.ts';

/** Asks on the terminal. The answer to a secret question is not echoed. */
function ask(question: string, secret: boolean): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new UsageError(`cannot ask "${question.trim()}" without a terminal`);
  }
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!secret) writeText(process.stderr, String(chunk));
      done();
    },
  });
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  // From here on nothing that is typed is echoed.
  writeText(process.stderr, question);
  return new Promise((resolve, reject) => {
    terminal.once('line', (line) => {
      terminal.close();
      if (secret) say('');
      resolve(line);
    });
    terminal.once('SIGINT', () => {
      terminal.close();
      reject(new UsageError('nothing was entered'));
    });
  });
}

export function askPassword(question: string): Promise<string> {
  return ask(question, true);
}

let shown: Reporter | undefined;

/** What is shown by this one is ended before a question that may come at any time. */
export function asksAfter(reporter: Reporter): Reporter {
  shown = reporter;
  return reporter;
}

/** Asks for the passphrase of a key, which shows only while hosts are connected to. */
export async function askPassphrase(path: string): Promise<string> {
  await shown?.finish();
  return askPassword(`Passphrase of ${path}: `);
}

async function askYesNo(question: string): Promise<boolean> {
  const answer = await ask(`${question} [y/N] `, false);
  return /^y(es)?$/i.test(answer.trim());
}

/** Asks for consent to a disruption, after all pending output has been written. */
export async function confirm(
  { yes }: Pick<OperationFlags, 'yes'>,
  shown: Reporter,
  question: string,
  disrupts: readonly string[],
): Promise<boolean> {
  if (yes) return true;
  await shown.finish();
  const text = [question, ...disrupts.map((line) => `  ${line}`)].join('\n');
  if (!process.stdin.isTTY) throw new UsageError(text, { hint: 'add -y to go ahead without being asked' });
  return askYesNo(`${text}\nGo ahead?`);
}
