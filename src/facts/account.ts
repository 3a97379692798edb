import { quote, quoteAll } from '../shell/quote.ts';
import { checkKey, type Collector, type FactKind, type Need } from './need.ts';

export interface UserFact {
  readonly uid: number;
  readonly comment: string;
  readonly home: string;
  /** There is nothing at `home`. */
  readonly isHomeMissing: boolean;
  readonly shell: string;
  /** All groups by name, the primary one first. */
  readonly groups: readonly string[];
}

export function needUser(name: string): Need<UserFact | undefined> {
  return {
    kind: 'user',
    key: checkKey(name),
    parse(records) {
      const [entry, groups = '', atHome] = records[0] ?? [];
      if (entry === undefined) return undefined;
      const [, , uid = '', , comment = '', home = '', shell = ''] = entry.split(':');
      return {
        uid: Number(uid),
        comment,
        home,
        isHomeMissing: atHome === 'missing',
        shell,
        groups: groups.split(' '),
      };
    },
  };
}

export const userCollector: Collector = {
  kinds: ['user'],
  script: (needs) => `for n in ${quoteAll(needs.map((need) => need.key))}; do
e=$(getent passwd -- "$n") || continue
h=\${e%:*}; [ -e "\${h##*:}" ] && h=there || h=missing
printf 'user\\t%s\\t%s\\t%s\\t%s\\n' "$n" "$e" "$(id -Gn -- "$n")" "$h"
done`,
};

export interface GroupFact {
  readonly gid: number;
}

export function needGroup(name: string): Need<GroupFact | undefined> {
  return {
    kind: 'group',
    key: checkKey(name),
    parse(records) {
      const gid = records[0]?.[0]?.split(':')[2];
      return gid === undefined ? undefined : { gid: Number(gid) };
    },
  };
}

/** Whether there is a user of this name: less than `needUser`, and as good as free. */
export function needUserName(name: string): Need<boolean> {
  return { kind: 'user-name', key: checkKey(name), parse: (records) => records.length > 0 };
}

/** Whether there is a group of this name. */
export function needGroupName(name: string): Need<boolean> {
  return { kind: 'group-name', key: checkKey(name), parse: (records) => records.length > 0 };
}

export const accountNameCollector: Collector = {
  kinds: ['user-name', 'group-name'],
  // Those of the files take no process; only for others the name service is asked.
  script(needs) {
    const look = (kind: FactKind, database: string) => {
      const names = needs.filter((need) => need.kind === kind).map(({ key }) => key);
      if (names.length === 0) return '';
      const print = `printf '${kind}\\t%s\\tyes\\n' "$n"`;
      return `m=${quote(` ${names.join(' ')} `)}
while IFS=: read -r n _; do case $m in *" $n "*) ${print}; m="\${m%% "$n" *} \${m#* "$n" }" ;; esac; done </etc/${database}
for n in $m; do getent ${database} -- "$n" >/dev/null && ${print}; done
`;
    };
    return `${look('user-name', 'passwd')}${look('group-name', 'group')}`;
  },
};

/** All that is known of an account: a user's group has its name. */
export function factsOfAccount(name: string): Need<unknown>[] {
  return [needUser(name), needGroup(name), needUserName(name), needGroupName(name)];
}

export const groupCollector: Collector = {
  kinds: ['group'],
  script: (needs) => `for n in ${quoteAll(needs.map((need) => need.key))}; do
e=$(getent group -- "$n") && printf 'group\\t%s\\t%s\\n' "$n" "$e"
done`,
};
