import { refusalOf } from '../../clients/etcd.ts';
import type { HttpAnswer } from '../../clients/http.ts';
import { leaderRestartOf, type LeaderRestart } from '../../clients/patroni/candidate.ts';
import { areMixed, changedLimits } from '../../clients/patroni/order.ts';
import { faultOf, standingOf, type ClusterStanding } from '../../clients/patroni/standing.ts';
import { isCarried, isKept, parseLogicalSlots } from '../../clients/patroni/slots.ts';
import { conditionOf, parseCluster, parseMember, type PatroniCluster } from '../../clients/patroni/api.ts';
import {
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
import { showCause } from '../../shell/postgres-log.ts';
import type { PatroniRestartChange, PatroniRestartParams } from './schema.ts';

interface RestartFacts {
  readonly cluster: HttpAnswer;
  readonly settings: readonly SqlAnswer[];
  readonly slots: SqlAnswer;
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
  return judge(cluster, me, reasons, { ...params, lost: (moves) => lostSlots(facts, params, moves) });
}

/** Logical slots that Patroni drops once the member was restarted; as its lead moves, those that its successor does not get. */
function lostSlots({ slots, member }: RestartFacts, { dcs }: PatroniRestartParams, moves: boolean): string[] {
  const version = member[0] && parseMember(member[0])?.patroni.version;
  const stays = moves ? isCarried : isKept;
  return (parseLogicalSlots(slots) ?? [])
    .filter((slot) => !stays(slot, dcs, version))
    .map(({ name }) => name);
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
  const { up, down } = changedLimits(settings, parameters);
  if (areMixed({ up, down })) {
    return refused(
      `${up.join(', ')} goes up and ${down.join(', ')} down: the one has to reach the replicas first, the other the leader`,
      `change ${up.join(', ')} first, and ${down.join(', ')} in a second run`,
    );
  }
  const open = openSettings(settings, withFallbacks(settings, parameters));
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
  params: PatroniRestartParams & { readonly lost: (moves: boolean) => readonly string[] },
): Verdict<PatroniRestartChange> {
  const { name } = params;
  const downwards = down.length > 0;
  const what = newerPatroni.length > 0 ? 'Patroni' : 'PostgreSQL';
  const waits = (reason: string, hint?: string) =>
    silent(`${what} on ${name} waits for a restart, and ${reason}`, hint);
  const standing = standingOf(cluster, { maximumLag: params.maximum_lag });
  if (standing.paused) return waits('the cluster is paused', 'drover resume ends that');
  const { leader, scheduled } = standing;
  if (leader === undefined) return waits('the cluster has no leader');
  if (scheduled)
    return waits(`a switchover is scheduled for ${scheduled.at}`, 'drover switchover --cancel takes it back');
  const out = missingMember(cluster, standing, params);
  if (out !== undefined) return waits(`${out}: a member at a time may be out`);
  const led = leader === name ? leaderRestartOf(standing, downwards) : undefined;
  if (led?.how === 'not now') return waits(`no other member can take the lead: ${led.faults.join(', ')}`);
  const how = led ? (led.how === 'handover' ? 'switchover' : 'in-place') : 'replica';
  const follows = how === 'replica' ? params.members.find((member) => member.name === leader) : undefined;
  const followers = params.members.filter((member) => member.name !== name);
  const { rest_user, rest_password, rest_port, pending_within, timeout, stop_timeout, unit } = params;
  const newer = [...newerPatroni, ...newerServer];
  const lost = params.lost(how === 'switchover');
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
    disrupts: [
      disruptionOf(name, led),
      ...(lost.length === 0
        ? []
        : [`loses the logical slots ${lost.join(', ')}, unless patroni_dcs_extra has them under slots`]),
    ].join('; '),
    how,
    name,
    address: addressOf(params),
    ...(downwards && follows ? { leader: follows } : {}),
    ...(how === 'replica' ? {} : { followers }),
    rest_port,
    rest_user,
    rest_password,
    maximum_lag: params.maximum_lag,
    pending_within,
    timeout,
    pends,
    newer,
    ...(newerPatroni.length === 0 ? {} : { unit: unitName(unit) }),
    stop_timeout,
    ...(params.data_dir === undefined ? {} : { cause: showCause(unit, params.data_dir) }),
  });
}

/** The first other member that is out already, and how; undefined when all are well. */
function missingMember(
  { members: listed }: PatroniCluster,
  standing: ClusterStanding,
  { name, members }: PatroniRestartParams,
): string | undefined {
  for (const member of listed.filter((other) => other.name !== name)) {
    const own = standing.members.find((other) => other.name === member.name);
    const fault = own && faultOf(own, standing);
    if (fault)
      return `${member.name} ${fault.kind === 'other-timeline' ? fault.message : `is ${conditionOf(member)}`}`;
  }
  const absent = members.find((member) => !listed.some((known) => known.name === member.name));
  return absent && `${absent.name} is not in the cluster`;
}

function disruptionOf(name: string, led: LeaderRestart | undefined): string {
  if (!led) return `reads on ${name}; the other members serve on`;
  if (led.how !== 'in-place') return 'writes, for the few seconds in which the leader moves';
  return led.because === 'limits'
    ? 'writes, until the leader has restarted: what goes down must reach it before the replicas'
    : 'writes, until the leader has restarted: no other member can take over';
}
