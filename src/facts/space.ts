import { quoteAll } from '../shell/quote.ts';
import { checkKey, type Collector, type FactRecord, type Need } from './need.ts';

/** What is left on the file system that a path is on, or will be. */
export interface Space {
  readonly mount: string;
  /** Bytes. */
  readonly free: number;
  readonly size: number;
  /** Undefined on file systems that make them as they are needed. */
  readonly freeInodes: number | undefined;
  readonly inodes: number | undefined;
}

export function needSpace(path: string): Need<Space | undefined> {
  return { kind: 'space', key: checkKey(path), parse: ([record]) => record && parseSpace(record) };
}

export const spaceCollector: Collector = {
  kinds: ['space'],
  // Every file that is written changes it.
  unguarded: ['space'],
  script: (needs) => spaceScript(needs.map(({ key }) => key)),
};

/** Prints `space TAB path TAB free TAB size TAB free inodes TAB inodes TAB mount` of each path, or of what is above it. */
export function spaceScript(paths: readonly string[]): string {
  return `for p in ${quoteAll(paths)}; do
q=$p
while [ ! -e "$q" ]; do q=\${q%/*}; q=\${q:-/}; done
df -B1 --output=avail,size,iavail,itotal,target -- "$q" 2>/dev/null | { read -r _ && read -r a s i n t && printf 'space\\t%s\\t%s\\t%s\\t%s\\t%s\\t%s\\n' "$p" "$a" "$s" "$i" "$n" "$t"; } || :
done`;
}

/** The fields after kind and path. */
export function parseSpace([free, size, freeInodes, inodes, mount = '']: FactRecord): Space | undefined {
  const number = (text: string | undefined) => (text && /^\d+$/.test(text) ? Number(text) : undefined);
  const [bytes, all] = [number(free), number(size)];
  if (bytes === undefined || !all) return undefined;
  const total = number(inodes);
  // btrfs and the like have 0 of 0.
  const counted = total === undefined || total === 0 ? undefined : total;
  return {
    mount,
    free: bytes,
    size: all,
    inodes: counted,
    freeInodes: counted === undefined ? undefined : number(freeInodes),
  };
}

/** What is left of bytes and inodes, whichever is less, in percent. */
export function percentFree({ free, size, freeInodes, inodes }: Space): number {
  const shares = [free / size, ...(freeInodes === undefined || !inodes ? [] : [freeInodes / inodes])];
  return 100 * Math.min(...shares);
}
