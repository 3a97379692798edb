import { memberListRequest, parseMemberList, parseRange, prefixRequest } from '../clients/etcd.ts';
import type { HttpAnswer, HttpRequest } from '../clients/http.ts';
import { InvalidInputError } from '../core/errors.ts';
import type { Emit } from '../engine/events.ts';
import type { Plan } from '../engine/planning/plan.ts';
import type { Run } from '../engine/run.ts';
import type { Settled } from '../engine/tasks/outcome.ts';
import { etcdMember } from '../modules/etcd-member/index.ts';
import { EtcdMemberChange } from '../modules/etcd-member/schema.ts';
import type { LoadedRun } from './load.ts';

/** What a task has asked an API, and what came back. */
export interface Asked {
  readonly request: HttpRequest;
  readonly answer: HttpAnswer;
}

/** A member of the cluster that is in none of the inventory's groups. */
export interface Stranger {
  readonly name: string;
  readonly inEtcd: boolean;
  readonly inPatroni: boolean;
  readonly leads: boolean;
}

/**
 * Tells of strangers, by what the plan's tasks have asked etcd. Refuses the run where one of them leads the database,
 * as HAProxy would lose it, and where etcd is to take in another member beside them.
 */
export function judgeStrangers(
  run: Run,
  { inventory }: LoadedRun,
  plan: Plan,
  leaving: string | undefined,
  emit: Emit,
): void {
  const { asked, askers } = askedOf(run, plan);
  const databases = new Set([...inventory.hostsOf('postgres'), ...askers]);
  const grows = plan.reports.some(({ instances }) => instances.some(addsVoter));
  for (const stranger of findStrangers(asked, databases).filter(({ name }) => name !== leaving)) {
    const { name, inEtcd, inPatroni, leads } = stranger;
    const parts = [...(inEtcd ? ['etcd'] : []), ...(inPatroni ? ['Patroni'] : [])].join(' and ');
    const message = `${name} is a member of ${parts}, and in none of the inventory’s groups`;
    const hint = `drover remove ${name} takes it out, when it is off; until then put it back in the inventory`;
    if (leads) throw new InvalidInputError([{ message: `${message}: it leads`, hint }]);
    if (inEtcd && grows)
      throw new InvalidInputError([{ message: `${message}: etcd takes in nobody before`, hint }]);
    emit({ type: 'warning', message, hint });
  }
}

/** Whether a task makes etcd larger, by the changes of its module. */
export function addsVoter({ instance, outcome }: Settled): boolean {
  return (
    instance.task.module.name === etcdMember.name &&
    outcome.changes.some((change) => ['bootstrap', 'add'].includes(EtcdMemberChange.parse(change).step))
  );
}

/** Every HTTP request of the plan's tasks with its answer, and the hosts whose tasks asked for Patroni's keys. */
function askedOf({ fleet }: Run, { interests }: Plan): { asked: Asked[]; askers: Set<string> } {
  const asked = new Map<string, Asked>();
  const askers = new Set<string>();
  for (const { need, host } of interests.filter((interest) => interest.need.kind === 'http')) {
    const key = `${need.host ?? host} ${need.key}`;
    const records = fleet.recordsOf(need, host);
    if (!records) continue;
    const request = JSON.parse(need.key) as HttpRequest;
    if (request.path === keysPath) askers.add(host);
    if (!asked.has(key)) asked.set(key, { request, answer: need.parse(records) as HttpAnswer });
  }
  return { asked: [...asked.values()], askers };
}

// Only their paths count.
const anywhere = { address: '', port: 0 };
const membersPath = memberListRequest(anywhere).path;
const keysPath = prefixRequest(anywhere, '/').path;

/** Members of etcd at whose address no task looks for one, and members of Patroni that are none of the hosts. */
export function findStrangers(asked: readonly Asked[], databases: ReadonlySet<string>): Stranger[] {
  const voters = etcdStrangers(asked);
  const { members, leader } = databaseMembers(asked);
  const others = members.filter((name) => !databases.has(name));
  return [...new Set([...voters, ...others])].map((name) => ({
    name,
    inEtcd: voters.includes(name),
    inPatroni: others.includes(name),
    leads: others.includes(name) && name === leader,
  }));
}

/** By name; one that has not started has none, and goes by its address. */
function etcdStrangers(asked: readonly Asked[]): string[] {
  const lists = asked.filter(({ request }) => request.path === membersPath);
  const planned = new Set(lists.map(({ request }) => request.address));
  const view = lists.map(({ answer }) => parseMemberList(answer)).find((found) => found !== undefined);
  return (view?.members ?? [])
    .filter(({ peerUrls }) => !peerUrls.some((url) => planned.has(new URL(url).hostname)))
    .map(({ name, peerUrls, id }) => name || peerUrls[0] || id);
}

/** Who has a key of Patroni's, and who leads. */
function databaseMembers(asked: readonly Asked[]): { members: string[]; leader: string | undefined } {
  const keys = asked
    .filter(({ request }) => request.path === keysPath)
    .map(({ answer }) => parseRange(answer))
    .find((found) => found !== undefined && found.size > 0);
  const entries = [...(keys ?? [])];
  return {
    members: entries.flatMap(([key]) => /^\/service\/[^/]+\/members\/(.+)$/.exec(key)?.[1] ?? []),
    leader: entries.find(([key]) => /^\/service\/[^/]+\/leader$/.test(key))?.[1],
  };
}
