import { dirname, resolve } from 'node:path/posix';
import { factsOfPath } from '../../facts/content.ts';
import { factsOfAccount } from '../../facts/account.ts';
import { identify, type FactKind, type FactRecord, type Need } from '../../facts/need.ts';
import type { Write } from '../../plan/change.ts';

/** Kinds of facts whose key is a path. */
export const ofPaths: ReadonlySet<FactKind> = new Set(factsOfPath('/').map(({ kind }) => kind));

/** Those of them that are the target's where the path is a link. */
const throughLinks: readonly FactKind[] = ['digest', 'content', 'ctime'];

/** What is written of these is all that such a change does: a start or a command may make whatever else. */
const selfContained: ReadonlySet<FactKind> = new Set([
  ...ofPaths,
  ...factsOfAccount('').map(({ kind }) => kind),
  'sysctl',
]);

/** Why a fact that was known is not any more. */
interface Unknown {
  readonly reason: string;
}

/** What is known of one host: collected facts, and in a fork what planned changes will make of them. */
export class World {
  readonly #facts: Map<string, readonly FactRecord[] | Unknown>;
  /** What was found before the last change of the host. */
  readonly #former = new Map<string, readonly FactRecord[] | Unknown>();
  /** Set once something wrote what nobody can list: facts never collected are unknown too. */
  #everything: Unknown | undefined;
  /** Symbolic links by path, with what they point to: contents are read through them. */
  readonly #links: Map<string, string>;
  /** Identities of what a playbook's own commands print: nobody knows what they look at. */
  readonly #reads: Set<string>;
  /** Contents that were left out because they were what the asker has, with the digest of that. */
  readonly #leftOut: Map<string, string>;
  /** Something was changed that may have done more than it says. */
  #isDisturbed = false;
  /** What changes write, taken over when somebody asks: a series of new files often is all that there is. */
  #writes: { readonly write: Write; readonly reason: string }[] = [];

  constructor(from?: World) {
    if (from) from.#catchUp();
    this.#facts = from ? new Map(from.#facts) : new Map<string, readonly FactRecord[]>();
    this.#links = new Map(from ? from.#links : []);
    this.#reads = new Set(from ? from.#reads : []);
    this.#leftOut = new Map(from ? from.#leftOut : []);
    if (!from) return;
    this.#everything = from.#everything;
    this.#isDisturbed = from.#isDisturbed;
  }

  fork(): World {
    return new World(this);
  }

  /** A fact's records; undefined when it was not collected since the host's last change, or is unknown. */
  records(need: Need<unknown>): readonly FactRecord[] | undefined {
    this.#catchUp();
    return this.#recordsIn(need, this.#facts.get(identify(need)));
  }

  /** What was last found of a fact, though the host may have changed since: who asked was told so. */
  lastRecords(need: Need<unknown>): readonly FactRecord[] | undefined {
    this.#catchUp();
    const identity = identify(need);
    return this.#recordsIn(need, this.#facts.get(identity) ?? this.#former.get(identity));
  }

  /** A fact's records, unless a change before may have made another of it, also one that says nothing of it. */
  undisturbed(need: Need<unknown>): readonly FactRecord[] | undefined {
    const records = this.records(need);
    return this.#isDisturbed ? undefined : records;
  }

  #recordsIn(need: Need<unknown>, found: readonly FactRecord[] | Unknown | undefined) {
    if (need.kind === 'content') {
      const leftOut = this.#leftOut.get(identify(need));
      if (leftOut !== undefined && leftOut !== need.args) return undefined;
    }
    return found && 'reason' in found ? undefined : found;
  }

  /** Why a fact is unknown; undefined when it is known or was never collected. */
  unknownReason(need: Need<unknown>): string | undefined {
    this.#catchUp();
    const found = this.#facts.get(identify(need));
    if (!found) return this.#everything?.reason;
    return 'reason' in found ? found.reason : undefined;
  }

  /** Takes over what was collected for needs. */
  learn(collected: ReadonlyMap<string, readonly FactRecord[]>, needs: readonly Need<unknown>[] = []): void {
    this.#catchUp();
    const leftOut = leftOutOf(collected, needs);
    for (const [identity, records] of collected) {
      this.#facts.set(identity, records);
      const digest = leftOut.get(identity);
      if (digest === undefined) this.#leftOut.delete(identity);
      else this.#leftOut.set(identity, digest);
      if (identity.startsWith('read\t')) this.#reads.add(identity);
      else if (identity.startsWith('path\t')) this.#noteLink(partsOf(identity).key, records);
    }
  }

  /** Takes note that something was changed: what was found before is nothing to plan from. */
  outdate(): void {
    this.#catchUp();
    for (const [identity, found] of this.#facts) this.#former.set(identity, found);
    this.#facts.clear();
  }

  /** Forgets everything: all of it is collected again. */
  clear(): void {
    this.#writes = [];
    this.#facts.clear();
    this.#former.clear();
    this.#links.clear();
    this.#reads.clear();
    this.#leftOut.clear();
    this.#everything = undefined;
    this.#isDisturbed = false;
  }

  /** Takes over what a change writes: predicted records, or that a fact is no longer known. */
  write(write: Write, reason: string): void {
    this.#writes.push({ write, reason });
  }

  #catchUp(): void {
    if (this.#writes.length === 0) return;
    const writes = this.#writes;
    this.#writes = [];
    for (const { write, reason } of writes) this.#take(write, reason);
  }

  #take(write: Write, reason: string): void {
    if (write === '*' || !selfContained.has(write.kind)) this.#isDisturbed = true;
    if (write !== '*') {
      const identity = identify(write);
      this.#spread(write, reason);
      this.#facts.set(identity, write.records ?? { reason });
      this.#leftOut.delete(identity);
      return;
    }
    this.#everything = { reason };
    for (const identity of this.#facts.keys()) this.#facts.set(identity, { reason });
  }

  /** Makes every known fact unknown for which the test holds. */
  invalidate(test: (kind: FactKind, key: string) => boolean, reason: string): void {
    this.#catchUp();
    this.#isDisturbed = true;
    this.#forget(this.#reads, reason);
    for (const identity of this.#facts.keys()) {
      const { kind, key } = partsOf(identity);
      if (test(kind, key)) this.#facts.set(identity, { reason });
    }
  }

  /** Makes unknown what a change of one fact changes beside it. */
  #spread({ kind, key, records }: Exclude<Write, '*'>, reason: string): void {
    this.#forget(this.#reads, reason);
    if (!ofPaths.has(kind)) return;
    for (const [link, target] of this.#links) {
      if (key === target || isWithin(key, target) || isWithin(target, key))
        this.#forget(
          throughLinks.map((kind) => identify({ kind, key: link })),
          reason,
        );
    }
    if (kind !== 'path') return;
    // Folders above that were not there are made with it.
    for (let end = key.lastIndexOf('/'); end > 0; end = key.lastIndexOf('/', end - 1)) {
      const above = key.slice(0, end);
      this.#forget([identify({ kind: 'filled', key: above })], reason);
      const identity = identify({ kind: 'path', key: above });
      const found = this.#facts.get(identity);
      if (found && !('reason' in found) && found.length === 0) this.#facts.set(identity, { reason });
    }
    // With a link, or nothing, in the place of a folder what is below is another.
    if (this.#noteLink(key, records ?? []) || records?.length === 0) {
      for (const identity of this.#facts.keys()) {
        const own = partsOf(identity);
        if (ofPaths.has(own.kind) && isWithin(own.key, key)) this.#facts.set(identity, { reason });
      }
    }
  }

  /** Whether the records are a symbolic link's. */
  #noteLink(path: string, records: readonly FactRecord[]): boolean {
    const target = records.find(([field]) => field === 'link')?.[1];
    if (target === undefined) this.#links.delete(path);
    else this.#links.set(path, resolve(dirname(path), target));
    return target !== undefined;
  }

  /** Makes facts unknown that are known. */
  #forget(identities: Iterable<string>, reason: string): void {
    for (const identity of identities) {
      if (this.#facts.has(identity)) this.#facts.set(identity, { reason });
    }
  }
}

/** Contents without records, of files that are there: all who need them have the same. */
function leftOutOf(
  collected: ReadonlyMap<string, readonly FactRecord[]>,
  needs: readonly Need<unknown>[],
): Map<string, string> {
  const digests = new Map<string, Set<string>>();
  for (const need of needs) {
    if (need.kind !== 'content' || collected.get(identify(need))?.length !== 0) continue;
    if (collected.get(identify({ kind: 'path', key: need.key }))?.length === 0) continue;
    const own = digests.get(identify(need));
    if (own) own.add(need.args ?? '');
    else digests.set(identify(need), new Set([need.args ?? '']));
  }
  return new Map(
    [...digests].flatMap(([identity, [digest = '', ...others]]) =>
      digest === '' || others.length > 0 ? [] : [[identity, digest]],
    ),
  );
}

function partsOf(identity: string): { kind: FactKind; key: string } {
  const tab = identity.indexOf('\t');
  return { kind: identity.slice(0, tab) as FactKind, key: identity.slice(tab + 1) };
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}
