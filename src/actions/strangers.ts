import { parseMemberList, parseRange, type EtcdMember } from '../clients/etcd.ts';
import type { HttpAnswer, HttpRequest } from '../clients/http.ts';
import { InvalidInputError } from '../core/errors.ts';
import type { Emit } from '../engine/events.ts';
import type { Plan } from '../engine/planner.ts';
import type { Run } from '../engine/run.ts';
import type { LoadedRun } from './load.ts';

interface Asked {
  readonly request: HttpRequest;
  readonly answer: HttpAnswer;
}

/**
 * Tells of members that are in none of the inventory's groups, by what the plan's tasks have asked etcd. Refuses the run where
 * one of them leads the database, as HAProxy would lose it, and where etcd is to take in another member beside them.
 */
export function judgeStrangers(
  run: Run,
  { inventory }: LoadedRun,
  plan: Plan,
  leaving: string | undefined,
  emit: Emit,
): void {
  const asked = askedOf(run, plan);
  const voters = etcdStrangers(asked).map(nameOf);
  const { members, leader } = databaseMembers(asked);
  const databases = members.filter((name) => !inventory.hostsOf('postgres').includes(name));
  for (const name of new Set([...voters, ...databases].filter((stranger) => stranger !== leaving))) {
    const parts = [
      ...(voters.includes(name) ? ['etcd'] : []),
      ...(databases.includes(name) ? ['Patroni'] : []),
    ];
    const message = `${name} is a member of ${parts.join(' and ')}, and in none of the inventory’s groups`;
    const hint = `drover remove ${name} takes it out, when it is off; until then put it back in the inventory`;
    const isInTheWay = voters.includes(name) && plan.changes.some(addsVoter);
    if (leader === name) throw new InvalidInputError([{ message: `${message}: it leads`, hint }]);
    if (isInTheWay)
      throw new InvalidInputError([{ message: `${message}: etcd takes in nobody before`, hint }]);
    emit({ type: 'warning', message, hint });
  }
}

function addsVoter({ change }: Plan['changes'][number]): boolean {
  return change.action === 'create' && change.resource.startsWith('etcd member ');
}

/** Every HTTP request of the plan's tasks, with its answer. */
function askedOf({ fleet }: Run, { interests }: Plan): Asked[] {
  const seen = new Set<string>();
  return interests.flatMap(({ need, host }) => {
    const at = need.host ?? host;
    if (need.kind !== 'http' || seen.has(`${at} ${need.key}`)) return [];
    seen.add(`${at} ${need.key}`);
    const records = fleet.recordsOf(need, host);
    if (!records) return [];
    return [{ request: JSON.parse(need.key) as HttpRequest, answer: need.parse(records) as HttpAnswer }];
  });
}

/** Members of etcd at whose address no task looks for one. */
function etcdStrangers(asked: readonly Asked[]): EtcdMember[] {
  const lists = asked.filter(({ request }) => request.path === '/v3/cluster/member/list');
  const planned = new Set(lists.map(({ request }) => request.address));
  const view = lists.map(({ answer }) => parseMemberList(answer)).find((found) => found !== undefined);
  return (
    view?.members.filter(({ peerUrls }) => !peerUrls.some((url) => planned.has(new URL(url).hostname))) ?? []
  );
}

function nameOf({ name, peerUrls, id }: EtcdMember): string {
  return name || peerUrls[0] || id;
}

/** Who has a key of Patroni's, and who leads. */
function databaseMembers(asked: readonly Asked[]): { members: string[]; leader: string | undefined } {
  const keys = asked
    .filter(({ request }) => request.path === '/v3/kv/range')
    .map(({ answer }) => parseRange(answer))
    .find((found) => found !== undefined && found.size > 0);
  const entries = [...(keys ?? [])];
  return {
    members: entries.flatMap(([key]) => /^\/service\/[^/]+\/members\/(.+)$/.exec(key)?.[1] ?? []),
    leader: entries.find(([key]) => /^\/service\/[^/]+\/leader$/.test(key))?.[1],
  };
}
