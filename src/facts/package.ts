import { quote, quoteAll } from '../shell/quote.ts';
import { checkKey, type Collector, type FactKind, type FactRecord, type Need } from './need.ts';
import { needChangeTime } from './path.ts';

export interface PackageFact {
  /** Installed and configured. */
  readonly installed: boolean;
  /** Unpacked or half configured: an install was cut off. */
  readonly unfinished: boolean;
  /** Removed, but for its configuration. */
  readonly residual: boolean;
  /** Kept at its version by `apt-mark hold`. */
  readonly held: boolean;
  readonly version: string;
}

/** A Debian package; undefined when dpkg has never heard of it. */
export function needPackage(name: string): Need<PackageFact | undefined> {
  return {
    kind: 'package',
    key: checkKey(name),
    parse(records) {
      const [status, version] = records[0] ?? [];
      if (status === undefined) return undefined;
      // "ii ": wanted state and actual state; see dpkg-query(1), db:Status-Abbrev.
      const state = status.slice(1, 2);
      return {
        installed: state === 'i',
        unfinished: ['H', 'U', 'F', 'W', 't'].includes(state),
        residual: state === 'c',
        held: status.startsWith('h'),
        version: version ?? '',
      };
    },
  };
}

/** The records an installed package will have: what a task that upgrades or holds it predicts. */
export function packageRecords(version: string, held: boolean): FactRecord[] {
  return [[held ? 'hi ' : 'ii ', version]];
}

/**
 * When dpkg last put the package's files in place, in seconds since 1970: what was started before runs without them.
 * Undefined when it is not there, and for a library of which several architectures can be installed.
 */
export function needUnpackTime(name: string): Need<number | undefined> {
  return needChangeTime(`/var/lib/dpkg/info/${name}.list`);
}

/** What apt has to offer of a package. */
export interface CandidateFact {
  /** The version it would install. */
  readonly version: string;
  /** All that it knows of, the installed one included, the newest first. */
  readonly versions: readonly string[];
}

/** What apt would install; undefined when it knows of nothing. Slow: about 200 ms. */
export function needCandidate(name: string): Need<CandidateFact | undefined> {
  return {
    kind: 'candidate',
    key: checkKey(name),
    parse(records) {
      const [version, ...versions] = records[0] ?? [];
      return version === undefined || version === '(none)' ? undefined : { version, versions };
    },
  };
}

export const candidateCollector: Collector = {
  kinds: ['candidate'],
  // In the table a version has five characters before it, and what follows on where it comes from has more.
  script: (
    needs,
  ) => `{ apt-cache policy -- ${quoteAll(needs.map((need) => need.key))} 2>/dev/null; echo .; } | {
n=
while IFS= read -r l; do
case $l in
'  Candidate: '*) v="\${l#  Candidate: }" ;;
' *** '* | '     '[!\\ ]*) l=\${l#?????}; v="$v	\${l%% *}" ;;
[!\\ ]*) [ -z "$n" ] || printf 'candidate\\t%s\\t%s\\n' "$n" "$v"; n=\${l%:}; v= ;;
esac
done; }`,
};

/** The installed version, or else the one apt would install; undefined when there is neither. */
export function needAvailable(name: string): Need<string | undefined> {
  return {
    kind: 'available',
    key: checkKey(name),
    parse(records) {
      const version = records[0]?.[0];
      return version === '(none)' ? undefined : version;
    },
  };
}

export const packageCollector: Collector = {
  kinds: ['package', 'available'],
  // dpkg is asked once for all, and apt only about what is not installed: on a finished host that is nothing.
  script(needs) {
    const namesOf = (kind: FactKind) => needs.filter((need) => need.kind === kind).map((need) => need.key);
    const [packages, available] = [namesOf('package'), namesOf('available')];
    const among = (names: readonly string[]) => `${quote(` ${names.join(' ')} `)} in *" $n "*)`;
    return `{ dpkg-query -W -f='\${Package}\\t\${db:Status-Abbrev}\\t\${Version}\\n' -- ${quoteAll([...new Set([...packages, ...available])])} 2>/dev/null; [ $? -le 1 ] || echo !; } | {
d=
while IFS='	' read -r n s v; do
[ "$n" != ! ] || exit 9
case ${among(packages)} printf 'package\\t%s\\t%s\\t%s\\n' "$n" "$s" "$v" ;; esac
case $s in ?i*) case ${among(available)} printf 'available\\t%s\\t%s\\n' "$n" "$v"; d="$d $n " ;; esac ;; esac
done
for n in ${quoteAll(available)}; do
case $d in *" $n "*) continue ;; esac
v=$(apt-cache policy -- "$n" 2>/dev/null | sed -n 's/^  Candidate: //p')
[ -z "$v" ] || printf 'available\\t%s\\t%s\\n' "$n" "$v"
done; } || exit 9`;
  },
};
