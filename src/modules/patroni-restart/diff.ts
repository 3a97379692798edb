import { refusalOf } from '../../clients/etcd.ts';
import type { HttpAnswer } from '../../clients/http.ts';
import {
  conditionOf,
  isFit,
  leaderOf,
  mayLead,
  parseCluster,
  parseMember,
  type PatroniCluster,
} from '../../clients/patroni.ts';
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
import type { PackageFact } from '../../facts/package.ts';
import { unitName, type UnitFact } from '../../facts/unit.ts';
import { changed, inSync, refused, silent, type Verdict } from '../../plan/change.ts';
import type { PatroniRestartChange, PatroniRestartParams } from './schema.ts';

interface RestartFacts {
  readonly cluster: HttpAnswer;
  readonly settings: readonly SqlAnswer[];
  readonly member: readonly HttpAnswer[];
  readonly unit: readonly (UnitFact | undefined)[];
  readonly server: readonly (PackageFact | undefined)[];
  readonly serverTimes: readonly (number | undefined)[];
  readonly patroni: readonly (PackageFact | undefined)[];
  readonly patroniTimes: readonly (number | undefined)[];
}

/** Why a member has to be restarted. */
interface Reasons {
  /** Settings that only a restart changes. */
  readonly open: readonly string[];
  readonly downwards: readonly string[];
  /** A setting waits, of these or in Patroni's own eyes. */
  readonly pends: boolean;
  /** Packages that were unpacked after PostgreSQL, or Patroni, was started. */
  readonly newerServer: readonly string[];
  readonly newerPatroni: readonly string[];
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
  const { name, rest_port } = params;
  const address = addressOf(params);
  const cluster = parseCluster(facts.cluster);
  if (!cluster) {
    return silent(
      `Patroni at ${address}:${rest_port} does not show the cluster (${refusalOf(facts.cluster)})`,
    );
  }
  const me = cluster.members.find((member) => member.name === name);
  if (!me) return silent(`Patroni at ${address}:${rest_port} knows no member ${name}`);
  const waiting = readSettings(facts, params, me);
  if ('state' in waiting) return waiting;
  const reasons = { ...waiting, ...findNewer(facts, params) };
  const { pends, downwards, newerServer, newerPatroni } = reasons;
  if (!pends && newerServer.length === 0 && newerPatroni.length === 0) return inSync();
  if (downwards.length > 0 && newerPatroni.length > 0) {
    return refused(
      `${downwards.join(', ')} goes down, which the leader has to do in its place, and ${newerPatroni.join(', ')} is to be started`,
      'take the setting back, run it again, and change the setting then',
    );
  }
  return judge(cluster, me, reasons, params);
}

/** What of the settings waits for a restart; a verdict where they cannot be had, or not be taken. */
function readSettings(
  { settings: answers }: RestartFacts,
  { name, parameters }: PatroniRestartParams,
  me: ClusterMember,
): Verdict<never> | Pick<Reasons, 'open' | 'downwards' | 'pends'> {
  const [answer] = answers;
  if (!answer || !parameters) return { open: [], downwards: [], pends: false };
  const settings = parseSettings(answer);
  if (!settings) return silent(`PostgreSQL on ${name} does not show its settings (${reasonOf(answer)})`);
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
  return { open, downwards: down, pends: open.length > 0 || me.pending_restart === true };
}

/** Packages whose files are newer than what runs of them. */
function findNewer(
  facts: RestartFacts,
  { server_packages, patroni_packages }: PatroniRestartParams,
): Pick<Reasons, 'newerServer' | 'newerPatroni'> {
  const newer = (
    names: readonly string[],
    times: readonly (number | undefined)[],
    packages: readonly (PackageFact | undefined)[],
    since: number | undefined,
  ) =>
    names.flatMap((name, index) =>
      since !== undefined && (times[index] ?? 0) > since ? [`${name} ${packages[index]?.version ?? ''}`] : [],
    );
  const [answer] = facts.member;
  const started = answer && parseMember(answer)?.postmaster_start_time;
  const startedAt = started ? Date.parse(started) / 1000 : undefined;
  // A unit without a process has read nothing yet.
  const patroniAt = facts.unit[0]?.startedAt === 0 ? undefined : facts.unit[0]?.startedAt;
  return {
    newerServer: newer(server_packages, facts.serverTimes, facts.server, startedAt),
    newerPatroni: newer(patroni_packages, facts.patroniTimes, facts.patroni, patroniAt),
  };
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
  { open, downwards: down, pends, newerServer, newerPatroni }: Reasons,
  params: PatroniRestartParams,
): Verdict<PatroniRestartChange> {
  const { name, maximum_lag: lag } = params;
  const downwards = down.length > 0;
  const what = newerPatroni.length > 0 ? 'Patroni' : 'PostgreSQL';
  const why = `${what} on ${name} waits for a restart`;
  if (cluster.pause === true) return silent(`${why}, and the cluster is paused`, 'drover resume ends that');
  const leader = leaderOf(cluster);
  if (!leader) return silent(`${why}, and the cluster has no leader`);
  const others = cluster.members.filter((member) => member !== me);
  const unfit = others.find((member) => !isFit(member, lag));
  if (unfit) {
    return silent(`${why}, and ${unfit.name} is ${conditionOf(unfit)}: a member at a time may be out`);
  }
  const absent = params.members.find(
    (member) => !cluster.members.some((known) => known.name === member.name),
  );
  if (absent)
    return silent(`${why}, and ${absent.name} is not in the cluster: a member at a time may be out`);
  const successors = others.filter(({ tags }) => mayLead(tags));
  const follows = leader === me ? undefined : params.members.find((member) => member.name === leader.name);
  const how = leader !== me ? 'replica' : downwards || successors.length === 0 ? 'in-place' : 'switchover';
  const { rest_user, rest_password, rest_port, pending_within, timeout, stop_timeout, unit } = params;
  const newer = [...newerPatroni, ...newerServer];
  return changed({
    action: 'restart',
    resource: `${what} on ${name}`,
    detail: [
      {
        replica: 'a replica',
        switchover: 'the leader, after a switchover',
        'in-place': 'the leader, in its place',
      }[how],
      ...(newer.length === 0 ? [] : [`with ${newer.join(', ')}`]),
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
    ...(downwards && follows ? { leader: follows } : {}),
    rest_port,
    rest_user,
    rest_password,
    maximum_lag: lag,
    pending_within,
    timeout,
    pends,
    newer,
    ...(newerPatroni.length === 0 ? {} : { unit: unitName(unit) }),
    stop_timeout,
  });
}
