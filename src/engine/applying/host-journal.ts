import { TaskFailedError } from '../../core/errors.ts';
import type { Change } from '../../plan/change.ts';
import type { ChangeOutput } from '../tasks/outcome.ts';
import type { HostRun } from '../hosts/host-run.ts';
import { doneLine, withdrawnLine, type Intent, type Journal } from '../journal/journal.ts';
import type { JournaledChange } from '../journal/journal-line.ts';

/** Characters of all the differing lines of one task: a folder of files would push the runs before it out of the journal. */
const largestDiffs = 256 * 1024;

/** One host's part of the journal, for what goes to it in batches. */
export class HostJournal {
  readonly #host: HostRun;
  readonly #journal: Journal | undefined;

  constructor(host: HostRun, journal: Journal | undefined) {
    this.#host = host;
    this.#journal = journal;
  }

  /** The intents of changes, as they are told; none where the host keeps no journal. */
  intents(changes: readonly Change[], tell: (change: Change) => Omit<JournaledChange, 'n'>): Intent[] {
    const journal = this.#journal;
    if (!journal) return [];
    let left = largestDiffs;
    return changes.map((change) => {
      const intent = journal.intent(tell(change), left);
      left = Math.max(0, left - intent.line.length);
      return intent;
    });
  }

  /** What a batch starts with to write its own journal; a login user's cannot, so root's shell does it before. */
  async open(intents: readonly Intent[], become: boolean): Promise<string> {
    if (!this.#journal || intents.length === 0) return '';
    if (this.#host.isRoot(become)) return this.#journal.opening(this.#host);
    const problem = await this.#journal.announce(this.#host, intents);
    if (problem !== undefined) throw new TaskFailedError(`${this.#host.name}: ${problem}`);
    return '';
  }

  /** Tells what a batch could not: what a failure said, and everything where it ran as a login user. */
  tellEnds(
    intents: readonly Intent[],
    become: boolean,
    ran: readonly ChangeOutput[],
    failure?: string,
  ): void {
    const journal = this.#journal;
    const wasTold = this.#host.isRoot(become);
    const lines = intents.flatMap((intent, position) => {
      const output = ran[position];
      if (output && output.status !== 0)
        return failure === undefined ? doneLine(intent) : (journal?.failed(intent, failure) ?? []);
      if (wasTold) return [];
      return output ? doneLine(intent) : withdrawnLine(intent);
    });
    if (lines.length > 0) journal?.post(this.#host, lines);
  }
}
