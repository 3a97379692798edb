import { quoteAll } from '../shell/quote.ts';
import { checkKey, type Collector, type Need } from './need.ts';

export interface PackageFact {
  /** Installed and configured. */
  readonly installed: boolean;
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
      return { installed: status.slice(1, 2) === 'i', held: status.startsWith('h'), version: version ?? '' };
    },
  };
}

export const packageCollector: Collector = {
  kinds: ['package'],
  guarded: true,
  script: (needs) =>
    `dpkg-query -W -f='package\\t\${Package}\\t\${db:Status-Abbrev}\\t\${Version}\\n' -- ${quoteAll(needs.map((need) => need.key))} 2>/dev/null`,
};

/** The version apt would install; undefined when it knows none. Slow: about 200 ms. */
export function needCandidate(name: string): Need<string | undefined> {
  return {
    kind: 'candidate',
    key: checkKey(name),
    parse(records) {
      const version = records[0]?.[0];
      return version === '(none)' ? undefined : version;
    },
  };
}

export const candidateCollector: Collector = {
  kinds: ['candidate'],
  guarded: true,
  script: (
    needs,
  ) => `apt-cache policy -- ${quoteAll(needs.map((need) => need.key))} 2>/dev/null | while IFS= read -r l; do
case $l in
'  Candidate: '*) printf 'candidate\\t%s\\t%s\\n' "$n" "\${l#  Candidate: }" ;;
[!\\ ]*) n=\${l%:} ;;
esac
done`,
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

export const availableCollector: Collector = {
  kinds: ['available'],
  guarded: true,
  // apt is asked only about what is not installed: on a finished host that is nothing.
  script: (needs) => `for n in ${quoteAll(needs.map((need) => need.key))}; do
v=$(dpkg-query -W -f='\${db:Status-Abbrev} \${Version}' -- "$n" 2>/dev/null) || v=
case $v in
?i*) v=\${v##* } ;;
*) v=$(apt-cache policy -- "$n" 2>/dev/null | sed -n 's/^  Candidate: //p') ;;
esac
[ -z "$v" ] || printf 'available\\t%s\\t%s\\n' "$n" "$v"
done`,
};
