import { refusalOf } from '../../clients/etcd.ts';
import type { HttpAnswer } from '../../clients/http.ts';
import { isFit, leaderOf, mayLead, parseCluster, type PatroniCluster } from '../../clients/patroni.ts';
import {
  directions,
  hasValue,
  needsRestart,
  parseSettings,
  problemsOf,
  readSetting,
  withFallbacks,
  type PgSettings,
} from '../../clients/pg-settings.ts';
import type { SqlAnswer } from '../../clients/sql.ts';
import { didYouMean } from '../../core/diagnostics.ts';
import { changed, inSync, refused, silent, type Verdict } from '../../plan/change.ts';
import type { PatroniRestartChange, PatroniRestartParams } from './schema.ts';

interface RestartFacts {
  readonly cluster: HttpAnswer;
  readonly settings: SqlAnswer;
}

type ClusterMember = PatroniCluster['members'][number];

/** Where the member on this host listens. */
export function addressOf({ name, members }: PatroniRestartParams): string {
  return members.find((member) => member.name === name)?.address ?? name;
}

/** Whether the member has to be restarted, and how. */
export function diffRestart(
  facts: RestartFacts,
  params: PatroniRestartParams,
): Verdict<PatroniRestartChange> {
  const { cluster: clusterAnswer, settings: settingsAnswer } = facts;
  const { name, rest_port, parameters } = params;
  const address = addressOf(params);
  const cluster = parseCluster(clusterAnswer);
  if (!cluster) {
    return silent(
      `Patroni at ${address}:${rest_port} does not show the cluster (${refusalOf(clusterAnswer)})`,
    );
  }
  const me = cluster.members.find((member) => member.name === name);
  if (!me) return silent(`Patroni at ${address}:${rest_port} knows no member ${name}`);
  const settings = parseSettings(settingsAnswer);
  if (!settings) {
    return silent(`PostgreSQL on ${name} does not show its settings (${reasonOf(settingsAnswer)})`);
  }
  const [problem] = problemsOf(settings, parameters);
  if (problem !== undefined) return refused(problem, hintFor(problem, settings));
  const effective = withFallbacks(settings, parameters);
  const { up, down } = directions(settings, effective);
  if (up.length > 0 && down.length > 0) {
    return refused(
      `${up.join(', ')} goes up and ${down.join(', ')} down: the one has to reach the replicas first, the other the leader`,
      `change ${up.join(', ')} first, and ${down.join(', ')} in a second run`,
    );
  }
  const open = openSettings(settings, effective);
  if (open.length === 0 && me.pending_restart !== true) return inSync();
  return judge(cluster, me, open, down.length > 0, params);
}

function reasonOf(answer: SqlAnswer): string {
  return answer.answered ? '' : answer.reason;
}

function hintFor(problem: string, { known }: PgSettings): string {
  const unknown = /^PostgreSQL has no parameter (.*)$/.exec(problem)?.[1];
  const nearest = unknown === undefined ? undefined : didYouMean(unknown, known).hint;
  return nearest ?? 'put it right in postgres_parameters';
}

/** Settings that the server runs with otherwise, and that only a restart changes. */
function openSettings({ byName }: PgSettings, wanted: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(wanted).flatMap(([name, value]) => {
    const setting = byName.get(name);
    if (!setting || value === null || setting.setting === null || !needsRestart(setting)) return [];
    const read = readSetting(setting, value);
    if ('problem' in read || hasValue(setting, read.value)) return [];
    return [
      `${name} ${setting.setting} -> ${read.value}${setting.unit === null ? '' : ` (${setting.unit})`}`,
    ];
  });
}

function judge(
  cluster: PatroniCluster,
  me: ClusterMember,
  open: readonly string[],
  downwards: boolean,
  params: PatroniRestartParams,
): Verdict<PatroniRestartChange> {
  const { name, maximum_lag: lag } = params;
  const why = `PostgreSQL on ${name} waits for a restart`;
  if (cluster.pause === true) return silent(`${why}, and the cluster is paused: drover resume ends that`);
  const leader = leaderOf(cluster);
  if (!leader) return silent(`${why}, and the cluster has no leader`);
  const others = cluster.members.filter((member) => member !== me);
  const unfit = others.find((member) => !isFit(member, lag));
  if (unfit) {
    return silent(
      `${why}, and ${unfit.name} is ${unfit.state}, ${lagOf(unfit)}: a member at a time may be out`,
    );
  }
  const absent = params.members.find(
    (member) => !cluster.members.some((known) => known.name === member.name),
  );
  if (absent)
    return silent(`${why}, and ${absent.name} is not in the cluster: a member at a time may be out`);
  const successors = others.filter(({ tags }) => mayLead(tags));
  const how = leader !== me ? 'replica' : downwards || successors.length === 0 ? 'in-place' : 'switchover';
  const { rest_user, rest_password, rest_port, pending_within, timeout } = params;
  return changed({
    action: 'restart',
    resource: `PostgreSQL on ${name}`,
    detail: [
      {
        replica: 'a replica',
        switchover: 'the leader, after a switchover',
        'in-place': 'the leader, in its place',
      }[how],
      ...open,
    ].join(', '),
    disrupts: {
      replica: `reads on ${name}; the other members serve on`,
      switchover: 'writes, for the few seconds in which the leader moves',
      'in-place': downwards
        ? 'writes, until the leader has restarted: what goes down must reach it before the replicas'
        : 'writes, until the leader has restarted: no other member can take over',
    }[how],
    how,
    name,
    address: addressOf(params),
    others: params.members.filter((member) => member.name !== name),
    rest_port,
    rest_user,
    rest_password,
    maximum_lag: lag,
    pending_within,
    timeout,
  });
}

function lagOf({ lag }: ClusterMember): string {
  return lag === undefined ? 'lag unknown' : `lag ${lag} bytes`;
}
