import { createHash } from 'node:crypto';
import { memoizeLast } from '../core/memo.ts';
import { beginGathering, endGathering } from '../shell/feed.ts';
import { accountNameCollector, groupCollector, userCollector } from './account.ts';
import { contentCollector } from './content.ts';
import { hostCollector } from './host.ts';
import { kernelModuleCollector, sysctlCollector } from './kernel.ts';
import { listenerCollector } from './listener.ts';
import { identify, type Collector, type FactKind, type FactRecord, type Need } from './need.ts';
import { candidateCollector, packageCollector } from './package.ts';
import { changeTimeCollector, filledCollector, pathCollector } from './path.ts';
import { readCollector, scriptCollector } from './script.ts';
import { spaceCollector } from './space.ts';
import { restartRecordCollector, unitCollector } from './unit.ts';

const collectors: readonly Collector[] = [
  hostCollector,
  pathCollector,
  changeTimeCollector,
  filledCollector,
  contentCollector,
  packageCollector,
  candidateCollector,
  unitCollector,
  restartRecordCollector,
  userCollector,
  groupCollector,
  accountNameCollector,
  kernelModuleCollector,
  sysctlCollector,
  listenerCollector,
  spaceCollector,
  scriptCollector,
  readCollector,
];

const guarded = new Set(
  collectors.flatMap(({ kinds, unguarded = [] }) => kinds.filter((kind) => !unguarded.includes(kind))),
);

/** Whether a fact takes part in the comparison that guards a change. */
export function isGuarded(kind: FactKind): boolean {
  return guarded.has(kind);
}

/**
 * One script that gathers all needs, each kind by its collector. It writes nothing. It fails when a collector could not
 * do its work, as on a host without memory or with a broken disk: what it did not find may be there then.
 */
export const collectScript = memoizeLast((needs: readonly Need<unknown>[]): string => {
  const parts = collectors.flatMap((collector) => {
    const own = unique(needs.filter((need) => collector.kinds.includes(need.kind)));
    if (own.length === 0) return [];
    const { kinds } = collector;
    // A playbook's own commands take what they take.
    const begin = kinds.includes('read') ? endGathering : beginGathering(kinds.join(','));
    return [`${begin}\n(\n${collector.script(own)}\n:\n) || exit 9`];
  });
  return [...parts, endGathering].join('\n');
}, 4);

// Needs of one key that differ in what they ask for beside it all reach the collector.
function unique(needs: readonly Need<unknown>[]): Need<unknown>[] {
  return [...new Map(needs.map((need) => [`${identify(need)}\t${need.args ?? ''}`, need])).values()];
}

/** What a collect script printed, by the identity of each need; a need without a line has no records. */
export function parseCollected(stdout: string, needs: readonly Need<unknown>[]): Map<string, FactRecord[]> {
  const collected = new Map<string, FactRecord[]>(needs.map((need) => [identify(need), []]));
  for (const line of stdout.split('\n')) {
    // Kind and key with the tab between them are the identity.
    const end = line.indexOf('\t', line.indexOf('\t') + 1);
    if (end <= 0) continue;
    collected.get(line.slice(0, end))?.push(line.slice(end + 1).split('\t'));
  }
  return collected;
}

/** Shell command that prints a digest of the needs' facts as they are. */
export function guardScript(needs: readonly Need<unknown>[]): string {
  return `{ :\n${collectScript(needs)}\n} | sort -u | sha256sum; ${endGathering}`;
}

/** The digest `guardScript` prints while the facts are these. */
export function guardDigest(
  needs: readonly Need<unknown>[],
  recordsOf: (need: Need<unknown>) => readonly FactRecord[],
): string {
  const lines = needs.flatMap((need) =>
    recordsOf(need).map((fields) => Buffer.from([need.kind, need.key, ...fields].join('\t'))),
  );
  const sorted = lines
    .sort((a, b) => Buffer.compare(a, b))
    .filter((line, index) => !line.equals(lines[index - 1] ?? Buffer.alloc(0)));
  const hash = createHash('sha256');
  for (const line of sorted) hash.update(line).update('\n');
  return hash.digest('hex');
}
