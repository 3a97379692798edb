import { InterruptedError } from '../../core/errors.ts';
import type { HostChange } from '../tasks/outcome.ts';

type Confirm = (question: string, changes: readonly HostChange[]) => Promise<boolean>;

/** Asks before what disrupts, once for each change of each host. */
export class Consent {
  readonly #confirm: Confirm;
  readonly #given = new Set<string>();

  constructor(confirm: Confirm) {
    this.#confirm = confirm;
  }

  /** Throws when the answer is no. */
  async ask(changes: readonly HostChange[], question: string): Promise<void> {
    const open = changes.filter(
      (item) => item.change.disrupts !== undefined && !this.#given.has(keyOf(item)),
    );
    if (open.length === 0) return;
    if (!(await this.#confirm(question, open)))
      throw new InterruptedError('not confirmed; nothing of it was done');
    open.forEach((item) => this.#given.add(keyOf(item)));
  }
}

function keyOf({ host, change }: HostChange): string {
  return `${host}: ${change.action} ${change.resource}`;
}
