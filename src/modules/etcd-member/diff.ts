import { parseMemberList, type EtcdMember, type EtcdView } from '../../clients/etcd.ts';
import type { HttpAnswer } from '../../clients/http.ts';
import type { Answer } from '../../facts/need.ts';
import type { PathFact } from '../../facts/path.ts';
import { changed, inSync, refused, silent, type Verdict } from '../../plan/change.ts';
import { compareVersions } from '../../vars/helpers.ts';
import { recordFile, type EtcdMemberChange, type EtcdMemberParams } from './schema.ts';
import { nameOf, peerUrlOf, stepsFor, type Source } from './steps.ts';

interface MemberFacts {
  /** The installed version, or the one that would be installed. */
  readonly version: string | undefined;
  /** The unit runs, whatever it serves. */
  readonly active: boolean;
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
  const answers = params.members.flatMap((member, index): Source[] => {
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
  const holders = holdersOf(facts, params);
  const isOurs = answers.some(
    ({ member: { name }, view }) =>
      [...records.values()].includes(view.clusterId) ||
      (records.get(name) === bootstrapping && holders.includes(name)),
  );
  if (!isOurs) {
    return refused(
      `an etcd cluster that drover did not make answers at ${first.member.address} (${first.view.clusterId})`,
      'leave it in peace: name other hosts, or another client port and data directory',
    );
  }
  return diffWithin(answers, facts, params);
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

/** The hosts known to have etcd data, by name. */
function holdersOf({ wal, otherWals }: MemberFacts, params: EtcdMemberParams): string[] {
  const others = params.members.filter((member) => member.name !== params.name);
  const withData = others.filter((_, index) => {
    const answer = otherWals[index];
    return answer?.answered && answer.fact !== undefined;
  });
  return [...(wal ? [params.name] : []), ...withData.map(({ name }) => name)];
}

/** A cluster answers: become a member of it. */
function diffWithin(
  answers: readonly Source[],
  facts: MemberFacts,
  params: EtcdMemberParams,
): Verdict<EtcdMemberChange> {
  // A member that is removed or added is better not asked itself.
  const source = answers.find(({ member }) => member.name !== params.name) ?? answers[0];
  if (!source) return diffWithout(facts, params);
  const { view } = source;
  const me = view.members.find((member) => member.peerUrls.includes(peerUrlOf(params)));
  const change = stepsFor(source, params);
  if (!me) {
    if (facts.wal)
      return refused(
        `${params.data_dir} holds etcd data, and the cluster does not know this member`,
        asideHint(params),
      );
    const doubt = strangerRuns(facts, params) ?? obstacleToAdding(answers, view, params);
    return doubt ?? changed(change('add'), change('join'), change('promote'));
  }
  if (me.name === '') {
    // The record is written before the first start: without it the data is not this member's.
    if (facts.wal && facts.record?.trim() !== view.clusterId) {
      return refused(
        `${params.data_dir} holds etcd data, and this member has not started in the cluster yet`,
        asideHint(params),
      );
    }
    const doubt = facts.wal ? undefined : strangerRuns(facts, params);
    return doubt ?? changed(change('join'), change('promote'));
  }
  if (!facts.wal) {
    const doubt = me.isLearner ? undefined : doubtOfRemoval(answers, view, me, params);
    if (doubt) return doubt;
    const removal = { ...change('remove', me), reason: `its data in ${params.data_dir} is gone` };
    const disrupts = 'etcd’s spare member, until it has joined again: another one lost would stop it';
    return changed(
      me.isLearner ? removal : { ...removal, disrupts },
      change('add'),
      change('join'),
      change('promote'),
    );
  }
  if (me.isLearner) return changed(change('promote', me));
  const recorded = facts.record?.trim();
  if (recorded === view.clusterId) return inSync();
  // Only what the member itself says shows that the data here is this cluster's.
  if (recorded === bootstrapping || answers.some(({ member }) => member.name === params.name))
    return changed(change('record', me));
  return refused(
    `${params.data_dir} holds etcd data that drover has no record of, and this member does not answer`,
    `systemctl start ${params.unit}, and run it again once it answers; ${asideHint(params)}`,
  );
}

/** Why the member may not be removed so that it can join again: who is left must be a healthy majority. */
function doubtOfRemoval(
  answers: readonly Source[],
  view: EtcdView,
  me: EtcdMember,
  params: EtcdMemberParams,
): Verdict<never> | undefined {
  const others = view.members.filter((member) => !member.isLearner && member.id !== me.id);
  if (others.length === 0) {
    return refused(
      `the data of the only etcd member, in ${params.data_dir}, is gone while it runs`,
      `save what it still has before anything else: etcdctl snapshot save FILE`,
    );
  }
  const away = others.filter((member) => !doesAnswer(member, answers, params));
  if (away.length === 0) return undefined;
  return refused(
    `the data in ${params.data_dir} is gone, and ${shownMembers(away, params)} does not answer`,
    'bring the other members back first: with one less etcd could lose its majority',
  );
}

/** What etcd would refuse a new member for until its time is up. */
function obstacleToAdding(
  answers: readonly Source[],
  view: EtcdView,
  params: EtcdMemberParams,
): Verdict<never> | undefined {
  const learners = view.members.filter(({ isLearner }) => isLearner);
  if (learners.length > 0)
    return silent(`${shownMembers(learners, params)} is still joining, and etcd takes in one at a time`);
  const away = view.members.filter(
    (member) => isPlanned(member, params) && !doesAnswer(member, answers, params),
  );
  if (away.length === 0) return undefined;
  return silent(`${shownMembers(away, params)} does not answer, and etcd takes in nobody meanwhile`);
}

function isPlanned({ peerUrls }: EtcdMember, params: EtcdMemberParams): boolean {
  return params.members.some((member) => peerUrls.includes(peerUrlOf(params, member)));
}

function doesAnswer({ peerUrls }: EtcdMember, answers: readonly Source[], params: EtcdMemberParams): boolean {
  return answers.some(({ member }) => peerUrls.includes(peerUrlOf(params, member)));
}

function shownMembers(members: readonly EtcdMember[], params: EtcdMemberParams): string {
  return members.map((member) => nameOf(member, params)).join(', ');
}

/** Refuses to take over a unit that serves something else. */
function strangerRuns({ active, wal }: MemberFacts, params: EtcdMemberParams): Verdict<never> | undefined {
  if (!active || wal) return undefined;
  return refused(
    `${params.unit} runs, and not from ${params.data_dir}: drover did not start it`,
    `if nobody needs it: systemctl stop ${params.unit}`,
  );
}

/** No cluster answers: wait for the one there is, or make it. */
function diffWithout(facts: MemberFacts, params: EtcdMemberParams): Verdict<EtcdMemberChange> {
  const others = params.members.filter((member) => member.name !== params.name);
  const records = recordsOf(facts, params);
  const holders = holdersOf(facts, params);
  // A member that is down: its service is the next task's.
  if (facts.wal) return guardData(facts, params) ?? doubtOfData(holders, records) ?? inSync();
  const unanswered = others.filter((_, index) => facts.otherWals[index]?.answered !== true);
  if (unanswered.length > 0) {
    return refused(
      `${unanswered.map(({ name }) => name).join(', ')} cannot be asked whether there is a cluster already`,
      'a cluster is only made when every host of the group answers: run it for all of them',
    );
  }
  if (holders.length > 0) return silent(`no etcd member answers, and ${holders.join(', ')} has its data`);
  const bereft = [...records].filter(([, record]) => record !== bootstrapping);
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
  const source = { member: seed, view: { clusterId: '', members: [] } };
  return strangerRuns(facts, params) ?? changed(stepsFor(source, params)('bootstrap'));
}

/** Refuses data of which hosts say that it belongs to different clusters. */
function doubtOfData(
  holders: readonly string[],
  records: ReadonlyMap<string, string>,
): Verdict<never> | undefined {
  const known = holders.flatMap((name) => {
    const id = records.get(name);
    return id === undefined || id === bootstrapping ? [] : [{ name, id }];
  });
  if (new Set(known.map(({ id }) => id)).size < 2) return undefined;
  return refused(
    `the hosts have data of different etcd clusters (${known.map(({ name, id }) => `${name}: ${id}`).join(', ')})`,
    'decide which one is to stay; nothing is changed',
  );
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
  if (
    !facts.wal ||
    facts.record !== undefined ||
    facts.lists.some((answer) => answer && parseMemberList(answer))
  )
    return undefined;
  return refused(`${params.data_dir} holds etcd data that drover did not make`, asideHint(params));
}

function asideHint({ data_dir: dataDir, unit }: EtcdMemberParams): string {
  return `if nobody needs it: systemctl stop ${unit} && mv ${dataDir} ${dataDir}.aside`;
}
