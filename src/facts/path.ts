import { portionsOf, quoteAll } from '../shell/quote.ts';
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

/** The records that a symbolic link to this target will have. */
export function linkRecords(target: string): FactRecord[] {
  return [
    ['symbolic link', '777', 'root', 'root'],
    ['link', target],
  ];
}

export const pathCollector: Collector = {
  kinds: ['path'],
  script: (needs) =>
    forPaths(
      needs,
      `${statWith("-c 'path	%n	%F	%a	%U	%G'")}
for p; do [ -L "$p" ] && printf 'path\\t%s\\tlink\\t%s\\n' "$p" "$(readlink -- "$p")"; done`,
    ),
};

/** Whether a path is a directory with something in it. */
export function needFilled(path: string): Need<boolean> {
  return { kind: 'filled', key: checkKey(path), parse: (records) => records.length > 0 };
}

export const filledCollector: Collector = {
  kinds: ['filled'],
  script: (needs) =>
    forPaths(
      needs,
      `find "$@" -maxdepth 0 -type d ! -empty -printf 'filled\\t%p\\tyes\\n' 2>/dev/null; [ $? -lt 126 ] || exit 9`,
    ),
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
  unguarded: ['ctime'],
  script: (needs) => forPaths(needs, statWith("-L -c 'ctime	%n	%.9Z'")),
};

/** What is not there prints nothing. Any other reason is none to take a path for missing. */
function statWith(options: string): string {
  return `{ e=$(LC_ALL=C stat ${options} -- "$@" 2>&1 >&3); s=$?; } 3>&1
[ $s -lt 126 ] || exit 9
[ -z "$e" ] || ! printf '%s\\n' "$e" | grep -Ev ': (${notThere.join('|')})$' >&2 || exit 9`;
}

/** Errors of stat(2) that say so, also to a login user, and of a link that leads to itself or a name that cannot be. */
const notThere = [
  'No such file or directory',
  'Not a directory',
  'File name too long',
  'Permission denied',
  'Too many levels of symbolic links',
];

function forPaths(needs: readonly Need<unknown>[], script: string): string {
  const portions = portionsOf(needs.map(({ key }) => key));
  return portions.map((paths) => `set -- ${quoteAll(paths)}\n${script}`).join('\n');
}
