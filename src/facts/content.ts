import { quoteAll } from '../shell/quote.ts';
import { checkKey, decodeBase64, type Collector, type FactRecord, type Need } from './need.ts';

export const contentKind = 'content';

/** Larger files are compared by digest, and their differences not shown. */
export const largestShownFile = 256 * 1024;

/**
 * A file's text. With a digest it is brought only if it differs from that, so that a file in sync costs no
 * transfer. undefined when the file is missing, in sync or larger than `largestShownFile` bytes.
 */
export function needContent(path: string, unlessDigest = ''): Need<string | undefined> {
  return { kind: contentKind, key: checkKey(path), args: unlessDigest, parse: parseContent };
}

function parseContent(records: readonly FactRecord[]): string | undefined {
  const encoded = records[0]?.[0];
  return encoded === undefined ? undefined : decodeBase64(encoded);
}

export const contentCollector: Collector = {
  kinds: [contentKind],
  // Brought only where it differs, so that its absence says nothing; the digest beside it is guarded.
  guarded: false,
  script(needs) {
    const wanted = new Map<string, Set<string>>();
    for (const { key, args = '' } of needs) wanted.set(key, (wanted.get(key) ?? new Set()).add(args));
    const paths = [...wanted.keys()];
    const settled = [...wanted].flatMap(([path, [digest, ...others]]) =>
      digest && others.length === 0 ? [`${digest}  ${path}`] : [],
    );
    // Not by `case`: with a thousand files that takes a second.
    const differing =
      settled.length === 0
        ? '| {'
        : `| grep -vxF -f /dev/fd/3 3<<'settled' | {\n${settled.join('\n')}\nsettled`;
    return `set -- ${quoteAll(paths)}
sha256sum -- "$@" 2>/dev/null ${differing}
set --
while IFS= read -r l; do set -- "$@" "\${l#*  }"; done
[ $# = 0 ] || stat -L -c '%s %n' -- "$@" 2>/dev/null | while IFS= read -r l; do
p=\${l#* }
[ "\${l%% *}" -le ${largestShownFile} ] && printf 'content\\t%s\\t%s\\n' "$p" "$(base64 -w0 < "$p")"
done
}`;
  },
};
