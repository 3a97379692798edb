import { identify, type FactRecord, type Need } from '../facts/need.ts';
import type { Write } from '../plan/change.ts';

/** Why a fact that was known is not any more. */
interface Unknown {
  readonly reason: string;
}

/** What is known of one host: collected facts, and in a fork what planned changes will make of them. */
export class World {
  readonly #facts: Map<string, readonly FactRecord[] | Unknown>;
  /** Set once something wrote what nobody can list: facts never collected are unknown too. */
  #everything: Unknown | undefined;

  constructor(from?: World) {
    this.#facts = from ? new Map(from.#facts) : new Map<string, readonly FactRecord[]>();
    if (from) this.#everything = from.#everything;
  }

  fork(): World {
    return new World(this);
  }

  /** A fact's records; undefined when it was never collected or is unknown. */
  records(need: Need<unknown>): readonly FactRecord[] | undefined {
    const found = this.#facts.get(identify(need));
    return found && 'reason' in found ? undefined : found;
  }

  /** Why a fact is unknown; undefined when it is known or was never collected. */
  unknownReason(need: Need<unknown>): string | undefined {
    const found = this.#facts.get(identify(need));
    if (!found) return this.#everything?.reason;
    return 'reason' in found ? found.reason : undefined;
  }

  learn(collected: ReadonlyMap<string, readonly FactRecord[]>): void {
    for (const [identity, records] of collected) this.#facts.set(identity, records);
  }

  /** Forgets everything: all of it is collected again. */
  clear(): void {
    this.#facts.clear();
    this.#everything = undefined;
  }

  /** Takes over what a change writes: predicted records, or that a fact is no longer known. */
  write(write: Write, reason: string): void {
    if (write !== '*') {
      this.#facts.set(identify(write), write.records ?? { reason });
      return;
    }
    this.#everything = { reason };
    for (const identity of this.#facts.keys()) this.#facts.set(identity, { reason });
  }

  /** Makes every known fact unknown for which the test holds. */
  invalidate(test: (kind: string, key: string) => boolean, reason: string): void {
    for (const identity of this.#facts.keys()) {
      const [kind = '', key = ''] = identity.split('\t', 2);
      if (test(kind, identity.slice(kind.length + 1) || key)) this.#facts.set(identity, { reason });
    }
  }
}
