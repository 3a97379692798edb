import {
  historyScript,
  parseDcsHistory,
  parseHistory,
  riftBetween,
  type History,
  type Past,
} from '../../clients/patroni/history.ts';
import { claimsOf, type Claim } from '../../clients/patroni/leaders.ts';
import type { HttpAnswer } from '../../clients/http.ts';
import {
  getRequest,
  parseCluster,
  parseConfig,
  parseMember,
  type PatroniCluster,
  type PatroniMember,
} from '../../clients/patroni/api.ts';
import type { Space } from '../../facts/space.ts';
import { lookAtDisks } from '../disk.ts';
import type { Look } from '../look.ts';
import type { ClusterHost } from '../place.ts';
import type { PatroniSettings } from './settings.ts';

/** What one member says of itself and of the cluster; undefined parts it did not answer. */
export interface PatroniState {
  readonly member: PatroniMember | undefined;
  /** HTTP status of the health checks; undefined for silence. */
  readonly leader: number | undefined;
  readonly primary: number | undefined;
  readonly replica: number | undefined;
  readonly cluster: PatroniCluster | undefined;
  readonly config: Readonly<Record<string, unknown>> | undefined;
  /** Of its data. */
  readonly history: History | undefined;
  /** Of the cluster, as the DCS keeps it. */
  readonly dcsHistory: History | undefined;
  /** Seconds since it last reached the DCS, when it answered. */
  readonly dcsAge: number | undefined;
  /** Why it is silent. */
  readonly silence: string | undefined;
  /** Where its data and its WAL are. */
  readonly disks: readonly Space[];
}

export async function lookAtMember(
  look: Pick<Look<PatroniSettings>, 'ask' | 'settings'>,
  { name, address }: ClusterHost,
): Promise<PatroniState> {
  const { ask, settings } = look;
  const get = (path: string) => ask.http(name, getRequest({ address, port: settings.restPort }, path));
  const [member, leader, primary, replica, cluster, config, dcsHistory, history, disks] = await Promise.all([
    get('/patroni'),
    get('/leader'),
    get('/primary'),
    get('/replica?lag=1MB'),
    get('/cluster'),
    get('/config'),
    get('/history'),
    readHistory(look, name),
    lookAtData(look, name),
  ]);
  const said = parseMember(member);
  const status = (answer: HttpAnswer) => (answer.answered ? answer.status : undefined);
  return {
    member: said,
    leader: status(leader),
    primary: status(primary),
    replica: status(replica),
    cluster: parseCluster(cluster),
    config: parseConfig(config),
    history,
    dcsHistory: parseDcsHistory(dcsHistory),
    disks,
    dcsAge: ageOf(said?.dcs_last_seen, member),
    silence: said ? undefined : member.answered ? `Patroni answered ${member.status}` : member.reason,
  };
}

/** By the member's own clock, which need not be ours. */
function ageOf(moment: number | undefined, answer: HttpAnswer): number | undefined {
  const at = answer.answered ? answer.at : undefined;
  return moment === undefined || at === undefined ? undefined : Math.max(0, at - moment);
}

/** Where the data lies may be known by the host's facts only. */
async function lookAtData(
  { ask, settings }: Pick<Look<PatroniSettings>, 'ask' | 'settings'>,
  host: string,
): Promise<Space[]> {
  if (!ask.reaches(host)) return [];
  const folder = settings.dataDirOf(host);
  return lookAtDisks(ask, host, [folder, `${folder}/pg_wal`]);
}

/** The history of the data on a host; undefined where there is none, or the host cannot be reached. */
export async function readHistory(
  { ask, settings }: Pick<Look<PatroniSettings>, 'ask' | 'settings'>,
  host: string,
): Promise<History | undefined> {
  if (!ask.reaches(host)) return undefined;
  const { status, stdout } = await ask.run(host, historyScript(settings.dataDirOf(host)));
  return status === 0 ? parseHistory(stdout) : undefined;
}

/** What a member and its data say of its past. */
export function pastOf(member: PatroniMember | undefined, history: History | undefined): Past {
  const { location, received_location: received, replayed_location: replayed } = member?.xlog ?? {};
  return {
    system: member?.database_system_identifier,
    timeline: member?.timeline,
    position: location ?? Math.max(received ?? 0, replayed ?? 0),
    history,
  };
}

/** What every member has to share: the leader's past, and while no leader answers what the DCS keeps of the cluster's. */
export function sharedPast(
  states: ReadonlyMap<string, PatroniState>,
  leader: string | undefined,
): Past | undefined {
  const led = states.get(leader ?? '');
  if (led?.member) return pastOf(led.member, led.history);
  const kept = [...states.values()].find(({ dcsHistory }) => dcsHistory)?.dcsHistory;
  return kept && { system: undefined, timeline: undefined, position: undefined, history: kept };
}

/** The members whose data parted from the leader's, and how. */
export function riftsIn(
  states: ReadonlyMap<string, PatroniState>,
  leader: string | undefined,
): { readonly name: string; readonly rift: string }[] {
  const shared = sharedPast(states, leader);
  return [...states].flatMap(([name, { member, history }]) => {
    const rift =
      member && shared && name !== leader ? riftBetween(pastOf(member, history), shared) : undefined;
    return rift === undefined ? [] : [{ name, rift }];
  });
}

/** The members that lead by their own words; the first of several is the one that holds the lock. */
export function claimsIn(states: ReadonlyMap<string, PatroniState>): Claim[] {
  return claimsOf([...states].map(([name, { member, leader }]) => ({ name, member, leader })));
}

/** The cluster as the first member shows it that does. */
export function clusterOf(states: ReadonlyMap<string, PatroniState>): PatroniCluster | undefined {
  return [...states.values()].find(({ cluster }) => cluster)?.cluster;
}
