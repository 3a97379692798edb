import { quoteAll } from '../shell/quote.ts';
import { checkKey, type Collector, type FactRecord, type Need } from './need.ts';

type PathType = 'file' | 'directory' | 'link' | 'other';

/** What `lstat` says of a path; undefined when nothing is there. */
export interface PathFact {
  readonly type: PathType;
  /** Octal, without leading zeros: `644`, `1777`. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  /** Target of a symbolic link, as written. */
  readonly target?: string;
}

const types: Record<string, PathType> = {
  'regular file': 'file',
  'regular empty file': 'file',
  directory: 'directory',
  'symbolic link': 'link',
};

export function needPath(path: string): Need<PathFact | undefined> {
  return { kind: 'path', key: checkKey(path), parse: parsePath };
}

function parsePath(records: readonly FactRecord[]): PathFact | undefined {
  const [type = '', mode = '', owner = '', group = ''] = records.find(([field]) => field !== 'link') ?? [];
  if (mode === '') return undefined;
  const target = records.find(([field]) => field === 'link')?.[1];
  return { type: types[type] ?? 'other', mode, owner, group, ...(target === undefined ? {} : { target }) };
}

/** The records a regular file or directory will have: what a task that writes it predicts. */
export function pathRecords(
  fact: { type: 'file' | 'directory'; mode: string; owner: string; group: string },
  empty = false,
): FactRecord[] {
  const type = fact.type === 'directory' ? 'directory' : empty ? 'regular empty file' : 'regular file';
  return [[type, fact.mode, fact.owner, fact.group]];
}

export const pathCollector: Collector = {
  kinds: ['path'],
  guarded: true,
  script: (needs) => `set -- ${quoteAll(needs.map((need) => need.key))}
stat -c 'path	%n	%F	%a	%U	%G' -- "$@" 2>/dev/null
for p; do [ -L "$p" ] && printf 'path\\t%s\\tlink\\t%s\\n' "$p" "$(readlink -- "$p")"; done`,
};

/** SHA-256 of a file's content, hexadecimal, links followed; undefined for anything but a readable file. */
export function needDigest(path: string): Need<string | undefined> {
  return { kind: 'digest', key: checkKey(path), parse: (records) => records[0]?.[0] };
}

export const digestCollector: Collector = {
  kinds: ['digest'],
  guarded: true,
  // GNU sha256sum escapes names that hold a backslash or newline; those never match and count as unreadable.
  script: (needs) => `set -- ${quoteAll(needs.map((need) => need.key))}
sha256sum -- "$@" 2>/dev/null | sed 's/^\\([0-9a-f]*\\)  \\(.*\\)$/digest	\\2	\\1/'`,
};

/** When a file's content or attributes last changed, in seconds since 1970; undefined when it is not there. */
export function needChangeTime(path: string): Need<number | undefined> {
  return {
    kind: 'ctime',
    key: checkKey(path),
    parse: (records) => (records[0]?.[0] === undefined ? undefined : Number(records[0][0])),
  };
}

export const changeTimeCollector: Collector = {
  kinds: ['ctime'],
  // A later ctime with the same digest changes nothing, and digests are guarded.
  guarded: false,
  script: (needs) => `set -- ${quoteAll(needs.map((need) => need.key))}
stat -L -c 'ctime	%n	%.9Z' -- "$@" 2>/dev/null`,
};
