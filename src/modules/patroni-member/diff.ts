import { parseRange } from '../../clients/etcd.ts';
import type { HttpAnswer } from '../../clients/http.ts';
import { stringifyWithSecrets } from '../../core/secrets.ts';
import type { Answer } from '../../facts/need.ts';
import type { PathFact } from '../../facts/path.ts';
import type { ScriptFact } from '../../facts/script.ts';
import { changed, inSync, refused, silent, type Verdict } from '../../plan/change.ts';
import { localesIn, missingLocales, readDataDir } from './data-dir.ts';
import { recordFile, type PatroniMemberChange, type PatroniMemberParams } from './schema.ts';

interface MemberFacts {
  readonly active: boolean;
  readonly control: PathFact | undefined;
  readonly dataDirectory: ScriptFact;
  readonly version: PathFact | undefined;
  readonly record: string | undefined;
  /** What the host has, where initdb is to use one by name. */
  readonly locales: readonly ScriptFact[];
  /** Of the other members, in the order of `members`. */
  readonly otherControls: readonly Answer<PathFact | undefined>[];
  readonly othersActive: readonly Answer<boolean>[];
  readonly otherDirectories: readonly Answer<ScriptFact>[];
  readonly otherRecords: readonly Answer<string | undefined>[];
  /** The cluster's keys as each etcd member has them. */
  readonly keys: readonly HttpAnswer[];
}

type Facts = Pick<MemberFacts, 'control' | 'record'> & {
  readonly active: boolean | undefined;
  readonly dataDirectory: ScriptFact | undefined;
  readonly version: PathFact | undefined;
  readonly locales: readonly (ScriptFact | undefined)[];
  readonly keys: readonly (HttpAnswer | undefined)[];
};

interface Source {
  readonly endpoint: PatroniMemberParams['etcd'][number];
  /** The cluster's system identifier; empty while it is being made, undefined when there is none. */
  readonly identifier: string | undefined;
}

/** The etcd members that give the cluster's keys. */
function sourcesOf({ keys }: Pick<Facts, 'keys'>, params: PatroniMemberParams): Source[] {
  return params.etcd.flatMap((endpoint, index) => {
    const found = parseRange(keys[index] ?? { answered: false, reason: '' });
    return found ? [{ endpoint, identifier: found.get(`/service/${params.scope}/initialize`) }] : [];
  });
}

function ownIdentifier({
  control,
  dataDirectory,
}: Pick<Facts, 'control' | 'dataDirectory'>): string | undefined {
  if (!control || !dataDirectory) return undefined;
  // One that cannot be read is none that anybody knows.
  return readDataDir(dataDirectory).identifier ?? '';
}

/** Refuses data that belongs neither to the cluster nor to one that drover made here, and a place for none. */
export function guardData(facts: Facts, params: PatroniMemberParams): Verdict<never> | undefined {
  const own = ownIdentifier(facts);
  if (!facts.control) return unfitPlace(facts, params);
  const known = sourcesOf(facts, params)[0]?.identifier;
  if (own === undefined || own === known || own === facts.record?.trim()) return undefined;
  // A cluster that is being made right now: initdb has run, and the key is still empty.
  if (known === '' && facts.active) return undefined;
  return refused(
    `${params.data_dir} holds a PostgreSQL cluster that drover did not make (system identifier ${own})`,
    `use other hosts; ${asideHint(facts, params)}`,
  );
}

/** How to put a directory out of the way: a server that runs from it goes on in it under whatever name. */
function asideHint({ dataDirectory }: Pick<Facts, 'dataDirectory'>, params: PatroniMemberParams): string {
  const server = dataDirectory && readDataDir(dataDirectory).server;
  const stop =
    server === undefined
      ? ''
      : server.endsWith('.service')
        ? `systemctl ${server === `${params.unit}.service` ? 'stop' : 'disable --now'} ${server.replace(/\.service$/, '')} && `
        : `end the server that runs from it (${server}), then `;
  return `if nobody needs it: ${stop}mv ${params.data_dir} ${params.data_dir}.aside`;
}

/** Refuses a directory in which, and locales with which, no cluster could be made or cloned. */
function unfitPlace(
  { active, version, dataDirectory, locales }: Facts,
  params: PatroniMemberParams,
): Verdict<never> | undefined {
  // While Patroni is at work there, what comes and goes is its own.
  if (active !== false || version || !dataDirectory) return undefined;
  const { data_dir: dataDir } = params;
  const { entries } = readDataDir(dataDirectory);
  if (entries.includes('lost+found'))
    return refused(
      `${dataDir} is a mount point, and lost+found is in it: PostgreSQL makes no cluster there`,
      `name a folder below it: postgres_data_dir: ${dataDir}/main`,
    );
  if (entries.length > 0)
    return refused(
      `${dataDir} is not empty (${entries.slice(0, 3).join(', ')}${entries.length > 3 ? ', …' : ''}), and holds no cluster`,
      asideHint({ dataDirectory }, params),
    );
  const [known] = locales;
  const missing = known ? missingLocales(localesIn(params.bootstrap), known) : [];
  if (missing.length === 0) return undefined;
  return refused(
    `postgres_initdb names ${missing.join(', ')}, and this host has no such locale`,
    'locale -a lists those it has; the package locales and locale-gen make others',
  );
}

/** The steps that lead to membership, or why there are none. */
export function diffMember(facts: MemberFacts, params: PatroniMemberParams): Verdict<PatroniMemberChange> {
  const foreign = guardData(facts, params);
  if (foreign) return foreign;
  const own = ownIdentifier(facts);
  const recorded = facts.record?.trim();
  const sources = sourcesOf(facts, params);
  const [source] = sources;
  if (!source) return silent('etcd does not answer');
  if (disagree(sources)) {
    return refused(
      `the etcd members do not agree which cluster ${params.scope} is`,
      'there is more than one etcd cluster: decide which one is to stay; nothing is changed',
    );
  }
  const { endpoint, identifier } = source;
  const change = stepsFor(params, endpoint, tablespacesOf(facts));
  if (identifier === undefined) return diffNew(facts, params, change);
  if (identifier === '') return diffHalfMade(facts, params, change);
  if (own !== undefined) {
    if (own !== identifier) {
      return refused(
        `${params.data_dir} belongs to another cluster (${own}) than ${params.scope} (${identifier})`,
        asideHint(facts, params),
      );
    }
    return recorded === own ? inSync() : changed(change('record'));
  }
  return doubtOfJoining(facts, params, identifier) ?? changed(change('join'));
}

/** Whether some know a cluster that others know nothing of, or another one. One that is being made does not count. */
function disagree(sources: readonly Source[]): boolean {
  const known = sources.filter(({ identifier }) => identifier !== '').map(({ identifier }) => identifier);
  return new Set(known).size > 1;
}

/** Why a host without a cluster's data may not clone the leader's. */
function doubtOfJoining(
  facts: MemberFacts,
  params: PatroniMemberParams,
  identifier: string,
): Verdict<never> | undefined {
  if (facts.version) return facts.active ? undefined : partOfCluster(params);
  if (facts.active && facts.record?.trim() === identifier) {
    return refused(
      `its data in ${params.data_dir} is gone while Patroni runs`,
      `is it the leader, or is it being cloned anew? If neither: systemctl stop ${params.unit}, and run it again`,
    );
  }
  const everyoneIsBare = facts.otherControls.every((answer) => answer.answered && !answer.fact);
  if (!everyoneIsBare) return undefined;
  return refused(
    `no host has the data of ${params.scope} (${identifier})`,
    'restore it from a backup: see docs/operations.md',
  );
}

function partOfCluster({ data_dir: dataDir }: PatroniMemberParams): Verdict<never> {
  return refused(
    `${dataDir} holds part of a cluster, and nothing is cloning it`,
    `if it is a clone that was cut short, or an initdb: mv ${dataDir} ${dataDir}.aside`,
  );
}

/** No cluster of this name: the first member makes it, if no host has data that it could be. */
function diffNew(
  facts: MemberFacts,
  params: PatroniMemberParams,
  change: (step: PatroniMemberChange['step']) => PatroniMemberChange,
): Verdict<PatroniMemberChange> {
  const doubt = doubtOfNew(facts, params);
  if (doubt) return doubt;
  const [first] = params.members;
  if (first && params.hosts?.includes(first.name) === false) {
    return refused(
      `${first.name}, which is to make the cluster, is not in this run`,
      'run it without --limit',
    );
  }
  if (first?.name !== params.name)
    return silent(`${first?.name ?? ''}, which makes the cluster, has not done so yet`);
  return changed(change('bootstrap'));
}

/** Why no cluster may be made: a host that has the data of one, or that cannot be asked. */
function doubtOfNew(facts: MemberFacts, params: PatroniMemberParams): Verdict<never> | undefined {
  const others = params.members.filter((member) => member.name !== params.name);
  const unanswered = others.filter((_, index) => facts.otherControls[index]?.answered !== true);
  if (unanswered.length > 0) {
    return refused(
      `${unanswered.map(({ name }) => name).join(', ')} cannot be asked whether there is a cluster already`,
      'a cluster is only made when every host of the group answers: run it for all of them',
    );
  }
  const withData = others.filter((_, index) => {
    const answer = facts.otherControls[index];
    return answer?.answered && answer.fact !== undefined;
  });
  const holders = [...(facts.control ? [params.name] : []), ...withData.map(({ name }) => name)];
  if (holders.length > 0) {
    return refused(
      `${holders.join(', ')} holds a cluster's data, and etcd knows no cluster ${params.scope}`,
      'has etcd lost its data? Restore it, or let Patroni take the data over: see docs/operations.md',
    );
  }
  if (facts.version) return partOfCluster(params);
  const bereft = [
    ...(facts.record === undefined ? [] : [params.name]),
    ...others
      .filter((_, index) => {
        const answer = facts.otherRecords[index];
        return answer?.answered && answer.fact !== undefined;
      })
      .map(({ name }) => name),
  ];
  if (bereft.length === 0) return undefined;
  return refused(
    `${bereft.join(', ')} belonged to a PostgreSQL cluster, and no host has its data in ${params.data_dir}`,
    `is it elsewhere, or in a backup? For a new cluster, take the record away there: rm ${recordFile}`,
  );
}

/** The cluster is being made, or its making was cut short: the key is there, and still empty. */
function diffHalfMade(
  facts: MemberFacts,
  params: PatroniMemberParams,
  change: (step: PatroniMemberChange['step']) => PatroniMemberChange,
): Verdict<PatroniMemberChange> {
  const [first] = params.members;
  if (first?.name !== params.name) return silent(`${first?.name ?? ''} is still making the cluster`);
  if (facts.active) return changed(change('bootstrap'));
  const others = params.members.filter((member) => member.name !== params.name);
  const atWork = others.filter((_, index) => {
    const answer = facts.othersActive[index];
    return answer?.answered && answer.fact;
  });
  if (atWork.length > 0)
    return silent(
      `Patroni runs on ${atWork.map(({ name }) => name).join(', ')}, and may be making the cluster`,
    );
  const doubt = doubtOfNew(facts, params);
  if (doubt) return doubt;
  return changed(change('clear'), change('bootstrap'));
}

const details: Readonly<Record<PatroniMemberChange['step'], string>> = {
  clear: 'forget an initialisation that was cut short',
  bootstrap: 'make the PostgreSQL cluster',
  join: 'clone the cluster and follow its leader',
  record: 'note which cluster it belongs to',
};

/** Where the other members have tablespaces: a clone puts its own at the same places. */
function tablespacesOf({ otherDirectories }: MemberFacts): string[] {
  const places = otherDirectories.flatMap((answer) =>
    answer.answered ? readDataDir(answer.fact).tablespaces : [],
  );
  return [...new Set(places)];
}

function stepsFor(
  params: PatroniMemberParams,
  etcd: PatroniMemberParams['etcd'][number],
  tablespaces: readonly string[],
): (step: PatroniMemberChange['step']) => PatroniMemberChange {
  const { name, members, rest_port, scope, config, data_dir, unit, user, timeout, bootstrap, etcd_port } =
    params;
  return (step) => ({
    action: step === 'clear' ? 'remove' : step === 'record' ? 'set' : 'create',
    resource: `Patroni member ${name}`,
    detail: details[step],
    step,
    name,
    address: members.find((member) => member.name === name)?.address ?? '',
    rest_port,
    scope,
    config,
    data_dir,
    unit,
    user,
    timeout,
    bootstrap: stringifyWithSecrets(bootstrap),
    initdb: stringifyWithSecrets(bootstrap['initdb'] ?? []),
    ...(step === 'join' && tablespaces.length > 0 ? { tablespaces: [...tablespaces] } : {}),
    etcd: { host: etcd.name, address: etcd.address, port: etcd_port },
  });
}
