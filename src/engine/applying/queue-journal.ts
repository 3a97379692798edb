import { TaskFailedError } from '../../core/errors.ts';
import type { Change } from '../../plan/change.ts';
import type { ChangeOutput } from '../tasks/outcome.ts';
import type { HostRun } from '../hosts/host-run.ts';
import { doneLine, withdrawnLine, type Intent, type Journal } from '../journal/journal.ts';
import type { JournaledChange } from '../journal/journal-line.ts';

/** Characters of all diffs of one task: a folder of files would push earlier runs out of the journal. */
const largestDiffs = 256 * 1024;

/** One host's part of the journal, for tasks that go out in its queue. */
export class QueueJournal {
  readonly #host: HostRun;
  readonly #journal: Journal | undefined;

  constructor(host: HostRun, journal: Journal | undefined) {
    this.#host = host;
    this.#journal = journal;
  }

  /** The intents of changes; none where the host keeps no journal. */
  intents(changes: readonly Change[], journaled: (change: Change) => Omit<JournaledChange, 'n'>): Intent[] {
    const journal = this.#journal;
    if (!journal) return [];
    let left = largestDiffs;
    return changes.map((change) => {
      const intent = journal.intent(journaled(change), left);
      left = Math.max(0, left - intent.line.length);
      return intent;
    });
  }

  /** The start of a script that writes its own journal; a login user's cannot, so root's shell writes the intents before. */
  async open(intents: readonly Intent[], become: boolean): Promise<string> {
    if (!this.#journal || intents.length === 0) return '';
    if (this.#host.isRoot(become)) return this.#journal.opening(this.#host);
    const problem = await this.#journal.announce(this.#host, intents);
    if (problem !== undefined) throw new TaskFailedError(`${this.#host.name}: ${problem}`);
    return '';
  }

  /** Writes what the script could not: why a change failed, and all results where it ran as a login user. */
  writeResults(
    intents: readonly Intent[],
    become: boolean,
    ran: readonly ChangeOutput[],
    failure?: string,
  ): void {
    const journal = this.#journal;
    const isWritten = this.#host.isRoot(become);
    const lines = intents.flatMap((intent, position) => {
      const output = ran[position];
      if (output && output.status !== 0)
        return failure === undefined ? doneLine(intent) : (journal?.failed(intent, failure) ?? []);
      if (isWritten) return [];
      return output ? doneLine(intent) : withdrawnLine(intent);
    });
    if (lines.length > 0) journal?.post(this.#host, lines);
  }
}
