import { parseRange } from '../../clients/etcd.ts';
import type { HttpAnswer } from '../../clients/http.ts';
import type { Answer } from '../../facts/need.ts';
import type { PathFact } from '../../facts/path.ts';
import type { ScriptFact } from '../../facts/script.ts';
import { changed, inSync, refused, silent, type Verdict } from '../../plan/change.ts';
import type { PatroniMemberChange, PatroniMemberParams } from './schema.ts';

interface MemberFacts {
  readonly active: boolean;
  readonly control: PathFact | undefined;
  readonly identifier: ScriptFact;
  readonly version: PathFact | undefined;
  readonly record: string | undefined;
  /** Of the other members, in the order of `members`. */
  readonly otherControls: readonly Answer<PathFact | undefined>[];
  readonly othersActive: readonly Answer<boolean>[];
  /** The cluster's keys as each etcd member has them. */
  readonly keys: readonly HttpAnswer[];
}

type Facts = Pick<MemberFacts, 'control' | 'record'> & {
  readonly active: boolean | undefined;
  readonly identifier: ScriptFact | undefined;
  readonly keys: readonly (HttpAnswer | undefined)[];
};

/** The first etcd member that gives the cluster's keys. */
function sourceOf({ keys }: Pick<Facts, 'keys'>, params: PatroniMemberParams) {
  return params.etcd.flatMap((endpoint, index) => {
    const found = parseRange(keys[index] ?? { answered: false, reason: '' });
    return found ? [{ endpoint, identifier: found.get(`/service/${params.scope}/initialize`) }] : [];
  })[0];
}

function ownIdentifier({ control, identifier }: Pick<Facts, 'control' | 'identifier'>): string | undefined {
  return control && identifier?.stdout.trim();
}

/** Refuses data that belongs neither to the cluster nor to one that drover made here. */
export function guardData(facts: Facts, params: PatroniMemberParams): Verdict<never> | undefined {
  const own = ownIdentifier(facts);
  const known = sourceOf(facts, params)?.identifier;
  if (own === undefined || own === known || own === facts.record?.trim()) return undefined;
  // A cluster that is being made right now: initdb has run, and the key is still empty.
  if (known === '' && facts.active) return undefined;
  return refused(
    `${params.data_dir} holds a PostgreSQL cluster that drover did not make (system identifier ${own})`,
    `use other hosts or another postgres_data_dir; if nobody needs it: mv ${params.data_dir} ${params.data_dir}.aside`,
  );
}

/** The steps that lead to membership, or why there are none. */
export function diffMember(facts: MemberFacts, params: PatroniMemberParams): Verdict<PatroniMemberChange> {
  const foreign = guardData(facts, params);
  if (foreign) return foreign;
  const own = ownIdentifier(facts);
  const recorded = facts.record?.trim();
  const source = sourceOf(facts, params);
  if (!source) return silent('etcd does not answer');
  const { endpoint, identifier } = source;
  const change = stepsFor(params, endpoint);
  if (identifier === undefined) return diffNew(facts, params, change);
  if (identifier === '') return diffHalfMade(facts, params, change);
  if (own !== undefined) {
    if (own !== identifier) {
      return refused(
        `${params.data_dir} belongs to another cluster (${own}) than ${params.scope} (${identifier})`,
        `if nobody needs it: systemctl stop ${params.unit} && mv ${params.data_dir} ${params.data_dir}.aside`,
      );
    }
    return recorded === own ? inSync() : changed(change('record'));
  }
  if (facts.version && !facts.active) {
    return refused(
      `${params.data_dir} holds part of a cluster, and nothing is cloning it`,
      `it is of no use to anybody: mv ${params.data_dir} ${params.data_dir}.aside`,
    );
  }
  return changed(change('join'));
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
  if (holders.length === 0) return undefined;
  return refused(
    `${holders.join(', ')} holds a cluster's data, and etcd knows no cluster ${params.scope}`,
    'has etcd lost its data? Restore it, or let Patroni take the data over: see docs/operations.md',
  );
}

/** The cluster is being made, or its making was cut short: the key is there, and still empty. */
function diffHalfMade(
  facts: MemberFacts,
  params: PatroniMemberParams,
  change: (step: PatroniMemberChange['step']) => PatroniMemberChange,
): Verdict<PatroniMemberChange> {
  const [first] = params.members;
  const someoneWorks = facts.active || facts.othersActive.some((answer) => answer.answered && answer.fact);
  if (first?.name !== params.name) return silent(`${first?.name ?? ''} is still making the cluster`);
  if (someoneWorks) return changed(change('bootstrap'));
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

function stepsFor(
  params: PatroniMemberParams,
  etcd: PatroniMemberParams['etcd'][number],
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
    bootstrap: JSON.stringify(bootstrap),
    etcd: { host: etcd.name, address: etcd.address, port: etcd_port },
  });
}
