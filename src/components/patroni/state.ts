import type { HttpAnswer } from '../../clients/http.ts';
import {
  getRequest,
  parseCluster,
  parseConfig,
  parseMember,
  type PatroniCluster,
  type PatroniMember,
} from '../../clients/patroni/api.ts';
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
  /** Why it is silent. */
  readonly silence: string | undefined;
}

export async function lookAtMember(
  { ask, settings }: Look<PatroniSettings>,
  { name, address }: ClusterHost,
): Promise<PatroniState> {
  const get = (path: string) => ask.http(name, getRequest({ address, port: settings.restPort }, path));
  const [member, leader, primary, replica, cluster, config] = await Promise.all([
    get('/patroni'),
    get('/leader'),
    get('/primary'),
    get('/replica?lag=1MB'),
    get('/cluster'),
    get('/config'),
  ]);
  const status = (answer: HttpAnswer) => (answer.answered ? answer.status : undefined);
  return {
    member: parseMember(member),
    leader: status(leader),
    primary: status(primary),
    replica: status(replica),
    cluster: parseCluster(cluster),
    config: parseConfig(config),
    silence: member.answered ? undefined : member.reason,
  };
}

/** The members that lead according to their own words. */
export function leadersOf(states: ReadonlyMap<string, PatroniState>): string[] {
  return [...states].filter(([, { leader }]) => leader === 200).map(([name]) => name);
}

/** The cluster as the first member shows it that does. */
export function clusterOf(states: ReadonlyMap<string, PatroniState>): PatroniCluster | undefined {
  return [...states.values()].find(({ cluster }) => cluster)?.cluster;
}
