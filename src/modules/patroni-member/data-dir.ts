import type { ScriptFact } from '../../facts/script.ts';
import { quote } from '../../shell/quote.ts';

/** What is in a host's data directory, beside the files that are facts of their own. */
export interface DataDir {
  /** The system identifier of the cluster whose data it is; undefined where there is none to read. */
  readonly identifier: string | undefined;
  /** The first entries of one that holds no cluster. */
  readonly entries: readonly string[];
  /** Where the cluster has tablespaces. */
  readonly tablespaces: readonly string[];
  /** The unit, or process, of the server that runs from it. */
  readonly server: string | undefined;
}

/**
 * The system identifier is the first eight bytes of pg_control (pg_control.h), whatever the version. Of a cluster that
 * runs no process is started but for that.
 */
export function dataDirScript(dataDir: string): string {
  return `d=${quote(dataDir)}
if [ -f "$d/global/pg_control" ]; then
od -An -tu8 -N8 "$d/global/pg_control"
for l in "$d"/pg_tblspc/*; do [ ! -L "$l" ] || echo "tablespace $(readlink -- "$l")"; done
if [ -f "$d/postmaster.pid" ] && read -r p <"$d/postmaster.pid" && [ -d "/proc/$p" ]; then
u="process $p"
while IFS=: read -r _ _ c; do case $c in *.service*) c=\${c%%.service*}; u=\${c##*/}.service ;; esac; done <"/proc/$p/cgroup"
echo "server $u"
fi
elif [ -d "$d" ] && [ ! -e "$d/PG_VERSION" ]; then
find "$d" -mindepth 1 -maxdepth 1 -printf 'entry %f\\n' | head -n 4
fi`;
}

/** Reads what the script has printed. */
export function readDataDir({ stdout }: ScriptFact): DataDir {
  const lines = stdout.split('\n');
  const all = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  return {
    identifier: lines.map((line) => line.trim()).find((line) => /^\d+$/.test(line)),
    entries: all('entry'),
    tablespaces: all('tablespace'),
    server: all('server')[0],
  };
}

/** The locales that options of initdb name and that a host may not have. */
export function localesIn(bootstrap: Readonly<Record<string, unknown>>): string[] {
  const { initdb } = bootstrap;
  const options = Array.isArray(initdb) ? (initdb as unknown[]) : [];
  const named = options.flatMap((option) =>
    typeof option === 'object' && option !== null
      ? Object.entries(option).flatMap(([name, value]) =>
          /^(locale|lc-\w+)$/.test(name) && typeof value === 'string' ? [value] : [],
        )
      : [],
  );
  return [...new Set(named)].filter((name) => !['C', 'POSIX', ''].includes(name));
}

/** Prints the locales that a host has, one a line. */
export const localesScript = 'locale -a';

/** Those of the names that are not among what the script has printed; `UTF-8` and `utf8` are one. */
export function missingLocales(names: readonly string[], { stdout }: ScriptFact): string[] {
  const plain = (name: string) => name.toLowerCase().replace(/\.[^@]*/, (set) => set.replaceAll('-', ''));
  const there = new Set(stdout.split('\n').map(plain));
  return names.filter((name) => !there.has(plain(name)));
}
