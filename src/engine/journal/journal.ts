// What runs have changed, as lines on the hosts, and their history. When a line is written is applying/'s business.
import { UnreachableError } from '../../core/errors.ts';
import type { Vault } from '../../core/secrets.ts';
import { doneText, failedText, openJournal, type LineText } from '../../shell/journal.ts';
import type { PieceResult } from '../../transport/session.ts';
import type { HostRun } from '../hosts/host-run.ts';
import type { JournaledChange, RunRequest } from './journal-line.ts';
import { operator } from '../hosts/lock.ts';

// Characters of one change's diff; of a longer one the journal has the beginning.
const largestDiff = 16 * 1024;
// Characters of what went wrong.
const largestMessage = 2000;

export interface JournalOptions {
  readonly run: string;
  readonly command: string;
  readonly request: RunRequest;
  readonly vault: Vault;
  /** The file on the hosts, where it is not the usual one. */
  readonly file?: string;
}

/** An intent: the line that stands in the journal before the change is made. */
export interface Intent {
  readonly n: number;
  readonly line: LineText;
}

/**
 * Writes what a run changes to the hosts' journals: an intent before each change, and what became of it after. The
 * begin and the end of the run stand on each host that was changed.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #head: LineText;
  readonly #opened = new Set<HostRun>();
  #count = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
    const { run, command, vault } = options;
    this.#head = within({ run, who: operator(), command: vault.redact(command) });
  }

  /** Whether nothing was written yet. */
  get isEmpty(): boolean {
    return this.#opened.size === 0;
  }

  /** Whether somebody can go on with the run: hosts know of it, and of a playbook to go on with. */
  get isResumable(): boolean {
    return !this.isEmpty && this.#options.request.playbook !== undefined;
  }

  /** The line for a change, without secrets, as people may see it; `most` characters of its differing lines. */
  intent(change: Omit<JournaledChange, 'n'>, most = largestDiff): Intent {
    const n = ++this.#count;
    // A value that got into a text past its placeholder stays out of the journal, too.
    const { diff, ...rest } = Object.fromEntries(
      Object.entries(change).flatMap(([name, text]): [string, string][] =>
        text === undefined ? [] : [[name, this.#options.vault.redact(text)]],
      ),
    );
    const line = {
      phase: 'begun',
      n,
      ...rest,
      ...(diff === undefined ? {} : { diff: cut(diff, Math.min(most, largestDiff)) }),
    };
    return { n, line: within(line) };
  }

  /** What a piece for a host starts with, so that it can write lines. */
  opening(host: HostRun, lines: readonly LineText[] = []): string {
    const { request, file } = this.#options;
    const first = this.#opened.has(host) ? [] : [within({ phase: 'begin', ...request })];
    this.#opened.add(host);
    return openJournal(this.#head, [...first, ...lines], file);
  }

  /** Writes lines, and waits for that; what went wrong is in the output. */
  async write(host: HostRun, lines: readonly LineText[], more = ''): Promise<PieceResult> {
    return host.run(`${this.opening(host, lines)}\n${more}`, true);
  }

  /** Sends lines along with what goes to the host next. A host that is lost by then keeps the change in doubt. */
  post(host: HostRun, lines: readonly LineText[]): void {
    host.send(this.opening(host, lines), true).catch((error: unknown) => {
      if (!(error instanceof UnreachableError)) throw error;
    });
  }

  /** Writes what is about to be done, and waits for that. Returns why it cannot be: nothing is done without a trace. */
  async announce(host: HostRun, intents: readonly Intent[]): Promise<string | undefined> {
    const lines = intents.map(({ line }) => line);
    const { status, stderr } = await this.write(host, lines);
    return status === 0 ? undefined : stderr.trim();
  }

  /** Writes how a change ended, along with what goes to the host next. */
  conclude(host: HostRun, intent: Intent, failure: string | undefined): void {
    this.post(host, [failure === undefined ? doneLine(intent) : this.failed(intent, failure)]);
  }

  /** The line for a change that failed. */
  failed({ n }: Intent, message: string): LineText {
    return failedText(n, this.#shortened(message));
  }

  /** Ends the run on each host that it began on, and does there what is still to be done. */
  async end(
    exitCode: number,
    failure?: string,
    more: ReadonlyMap<HostRun, string> = new Map(),
  ): Promise<void> {
    const line = within({
      phase: 'end',
      exitCode,
      ...(failure === undefined ? {} : { message: this.#shortened(failure) }),
    });
    const last = [...this.#opened].map((host) => this.write(host, [line], more.get(host)));
    const others = [...more].filter(([host]) => !this.#opened.has(host));
    await Promise.all(
      [...last, ...others.map(([host, script]) => host.run(script, true))].map((writing) =>
        writing.catch((error: unknown) => {
          if (!(error instanceof UnreachableError)) throw error;
        }),
      ),
    );
  }

  #shortened(message: string): string {
    return cut(this.#options.vault.redact(message.trim()), largestMessage);
  }
}

/** The line for a change that was made. */
export function doneLine({ n }: Intent): LineText {
  return doneText(n);
}

/** The line for a change of which nothing was done. */
export function withdrawnLine({ n }: Intent): LineText {
  return within({ phase: 'withdrawn', n });
}

function within(fields: object): LineText {
  return JSON.stringify(fields).slice(1, -1);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}\n… ${text.length - most} characters more`;
}
