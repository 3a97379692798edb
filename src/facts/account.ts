import { quoteAll } from '../shell/quote.ts';
import { checkKey, type Collector, type Need } from './need.ts';

export interface UserFact {
  readonly uid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
  /** All groups by name, the primary one first. */
  readonly groups: readonly string[];
}

export function needUser(name: string): Need<UserFact | undefined> {
  return {
    kind: 'user',
    key: checkKey(name),
    parse(records) {
      const [entry, groups = ''] = records[0] ?? [];
      if (entry === undefined) return undefined;
      const [, , uid = '', , comment = '', home = '', shell = ''] = entry.split(':');
      return { uid: Number(uid), comment, home, shell, groups: groups.split(' ') };
    },
  };
}

export const userCollector: Collector = {
  kinds: ['user'],
  script: (needs) => `for n in ${quoteAll(needs.map((need) => need.key))}; do
e=$(getent passwd -- "$n") && printf 'user\\t%s\\t%s\\t%s\\n' "$n" "$e" "$(id -Gn -- "$n")"
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

/** All that is known of an account: a user's group has its name. */
export function factsOfAccount(name: string): Need<unknown>[] {
  return [needUser(name), needGroup(name)];
}

export const groupCollector: Collector = {
  kinds: ['group'],
  script: (needs) => `for n in ${quoteAll(needs.map((need) => need.key))}; do
e=$(getent group -- "$n") && printf 'group\\t%s\\t%s\\n' "$n" "$e"
done`,
};
