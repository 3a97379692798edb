import { parseMemberList, type EtcdMember, type EtcdView } from '../../clients/etcd.ts';
import type { HttpAnswer } from '../../clients/http.ts';
import type { Answer } from '../../facts/need.ts';
import type { PathFact } from '../../facts/path.ts';
import { changed, inSync, refused, silent, type Verdict } from '../../plan/change.ts';
import { compareVersions } from '../../vars/helpers.ts';
import { recordFile, type EtcdMemberChange, type EtcdMemberParams } from './schema.ts';

interface MemberFacts {
  /** The installed version, or the one that would be installed. */
  readonly version: string | undefined;
  readonly wal: PathFact | undefined;
  readonly record: string | undefined;
  /** Of the other hosts, in the order of `members`. */
  readonly otherWals: readonly Answer<PathFact | undefined>[];
  readonly otherRecords: readonly Answer<string | undefined>[];
  /** Of all hosts, in the order of `members`. */
  readonly lists: readonly HttpAnswer[];
}

/** Written before the first start, so that a cluster whose making was cut short is still known as ours. */
export const bootstrapping = 'bootstrapping';

/** The steps that lead to membership, or why there are none. */
export function diffMember(facts: MemberFacts, params: EtcdMemberParams): Verdict<EtcdMemberChange> {
  const { version } = facts;
  if (version !== undefined && compareVersions(version, '3.4') < 0) {
    return refused(
      `etcd ${version} knows no learners`,
      'etcd 3.4 or later is needed: another package_source has it',
    );
  }
  const answers = params.members.flatMap((member, index) => {
    const view = parseMemberList(facts.lists[index] ?? { answered: false, reason: '' });
    return view ? [{ member, view }] : [];
  });
  const clusters = new Set(answers.map(({ view }) => view.clusterId));
  if (clusters.size > 1) {
    const places = answers.map(({ member, view }) => `${member.name}: ${view.clusterId}`).join(', ');
    return refused(
      `there are ${clusters.size} etcd clusters (${places})`,
      'decide which one is to stay; nothing is changed',
    );
  }
  const [first] = answers;
  if (!first) return diffWithout(facts, params);
  const records = recordsOf(facts, params);
  const isOurs = answers.some(
    ({ member, view }) =>
      [...records.values()].includes(view.clusterId) || records.get(member.name) === bootstrapping,
  );
  if (!isOurs) {
    return refused(
      `an etcd cluster that drover did not make answers at ${first.member.address} (${first.view.clusterId})`,
      'leave it in peace: name other hosts, or another client port and data directory',
    );
  }
  return diffWithin(first.view, first.member, facts, params);
}

/** What each host has on record, by its name. */
function recordsOf({ record, otherRecords }: MemberFacts, params: EtcdMemberParams): Map<string, string> {
  const others = params.members.filter((member) => member.name !== params.name);
  const found = others.map(({ name }, index) => {
    const answer = otherRecords[index];
    return [name, answer?.answered ? answer.fact : undefined] as const;
  });
  return new Map(
    [[params.name, record] as const, ...found].flatMap(([name, text]) =>
      text === undefined ? [] : [[name, text.trim()]],
    ),
  );
}

/** A cluster answers: become a member of it. */
function diffWithin(
  view: EtcdView,
  via: EtcdMemberParams['members'][number],
  facts: MemberFacts,
  params: EtcdMemberParams,
): Verdict<EtcdMemberChange> {
  const peerUrl = `http://${addressOf(params)}:${params.peer_port}`;
  const me = view.members.find((member) => member.peerUrls.includes(peerUrl));
  const change = stepsFor(view, via, params, peerUrl);
  if (!me) {
    if (facts.wal)
      return refused(
        `${params.data_dir} holds etcd data, and the cluster does not know this member`,
        asideHint(params),
      );
    return changed(change('add'), change('join'), change('promote'));
  }
  if (me.name === '') {
    // The record is written before the first start: without it the data is not this member's.
    if (facts.wal && facts.record?.trim() !== view.clusterId) {
      return refused(
        `${params.data_dir} holds etcd data, and this member has not started in the cluster yet`,
        asideHint(params),
      );
    }
    return changed(change('join'), change('promote'));
  }
  if (!facts.wal && view.members.length === 1) {
    return refused(
      `the data of the only etcd member, in ${params.data_dir}, is gone while it runs`,
      `save what it still has before anything else: etcdctl snapshot save FILE`,
    );
  }
  if (!facts.wal) {
    const reason = `its data in ${params.data_dir} is gone`;
    return changed(
      {
        ...change('remove', me),
        reason,
        disrupts: 'etcd’s spare member, until it has joined again: another one lost would stop it',
      },
      change('add'),
      change('join'),
      change('promote'),
    );
  }
  if (me.isLearner) return changed(change('promote', me));
  return facts.record?.trim() === view.clusterId ? inSync() : changed(change('record', me));
}

/** No cluster answers: wait for the one there is, or make it. */
function diffWithout(facts: MemberFacts, params: EtcdMemberParams): Verdict<EtcdMemberChange> {
  const others = params.members.filter((member) => member.name !== params.name);
  // A member that is down: its service is the next task's.
  if (facts.wal) return guardData(facts, params) ?? inSync();
  const unanswered = others.filter((_, index) => facts.otherWals[index]?.answered !== true);
  if (unanswered.length > 0) {
    return refused(
      `${unanswered.map(({ name }) => name).join(', ')} cannot be asked whether there is a cluster already`,
      'a cluster is only made when every host of the group answers: run it for all of them',
    );
  }
  const withData = others.filter((_, index) => {
    const answer = facts.otherWals[index];
    return answer?.answered && answer.fact !== undefined;
  });
  if (withData.length > 0) {
    return silent(`no etcd member answers, and ${withData.map(({ name }) => name).join(', ')} has its data`);
  }
  const bereft = [...recordsOf(facts, params)].filter(([, record]) => record !== bootstrapping);
  if (bereft.length > 0) {
    return refused(
      `${bereft.map(([name]) => name).join(', ')} belonged to an etcd cluster, and no host has its data`,
      `restore it from a snapshot; for a new cluster, take the record away there: rm ${recordFile}`,
    );
  }
  const [seed] = params.members;
  if (seed && params.hosts?.includes(seed.name) === false) {
    return refused(
      `${seed.name}, which is to make the etcd cluster, is not in this run`,
      'run it without --limit',
    );
  }
  if (seed?.name !== params.name)
    return silent(`${seed?.name ?? ''}, which makes the etcd cluster, does not answer yet`);
  const view: EtcdView = { clusterId: '', members: [] };
  const peerUrl = `http://${addressOf(params)}:${params.peer_port}`;
  return changed(stepsFor(view, seed, params, peerUrl)('bootstrap'));
}

/** Refuses data that drover has no record of, unless a cluster that answers may know better. */
export function guardData(
  facts: {
    wal: PathFact | undefined;
    record: string | undefined;
    lists: readonly (HttpAnswer | undefined)[];
  },
  params: EtcdMemberParams,
): Verdict<never> | undefined {
  if (!facts.wal || facts.record !== undefined || facts.lists.some((answer) => answer?.answered))
    return undefined;
  return refused(`${params.data_dir} holds etcd data that drover did not make`, asideHint(params));
}

function addressOf({ name, members }: EtcdMemberParams): string {
  return members.find((member) => member.name === name)?.address ?? '';
}

function asideHint({ data_dir: dataDir, unit }: EtcdMemberParams): string {
  return `if nobody needs it: systemctl stop ${unit} && mv ${dataDir} ${dataDir}.aside`;
}

const details: Readonly<Record<EtcdMemberChange['step'], string>> = {
  bootstrap: 'start a new etcd cluster',
  remove: 'remove it from the etcd cluster',
  add: 'add it to the etcd cluster as a learner',
  join: 'start it',
  promote: 'promote it to a voter once it has caught up',
  record: 'note which cluster it belongs to',
};

const actions: Readonly<Record<EtcdMemberChange['step'], EtcdMemberChange['action']>> = {
  bootstrap: 'create',
  remove: 'remove',
  add: 'create',
  join: 'start',
  promote: 'set',
  record: 'set',
};

function stepsFor(
  view: EtcdView,
  via: EtcdMemberParams['members'][number],
  params: EtcdMemberParams,
  peerUrl: string,
): (step: EtcdMemberChange['step'], member?: EtcdMember) => EtcdMemberChange {
  const { name } = params;
  const others = view.members.filter((member) => !member.peerUrls.includes(peerUrl));
  const known = others.map((member) => `${member.name}=${member.peerUrls[0] ?? ''}`);
  const mine = view.members.find((member) => member.peerUrls.includes(peerUrl));
  return (step, member = mine) => ({
    action: actions[step],
    resource: `etcd member ${name}`,
    detail: details[step],
    step,
    name,
    address: addressOf(params),
    client_port: params.client_port,
    peer_url: peerUrl,
    data_dir: params.data_dir,
    unit: params.unit,
    user: params.user,
    timeout: params.timeout,
    initial_cluster: [...known, `${name}=${peerUrl}`].join(','),
    cluster_id: view.clusterId,
    member_id: member?.id ?? '',
    via: { host: via.name, address: via.address },
  });
}
