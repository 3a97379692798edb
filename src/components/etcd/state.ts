import {
  alarmsRequest,
  memberListRequest,
  parseAlarms,
  parseMemberList,
  parseStatus,
  statusRequest,
  type EtcdAlarm,
  type EtcdEndpoint,
  type EtcdStatus,
  type EtcdView,
} from '../../clients/etcd.ts';
import type { HttpRequest } from '../../clients/http.ts';
import type { Space } from '../../facts/space.ts';
import { lookAtDisks } from '../disk.ts';
import type { Look } from '../look.ts';
import type { ClusterHost } from '../place.ts';
import type { EtcdSettings } from './settings.ts';

/** What one member says; undefined parts it did not answer. */
export interface EtcdState {
  readonly status: EtcdStatus | undefined;
  readonly view: EtcdView | undefined;
  /** Those of all members. */
  readonly alarms: readonly EtcdAlarm[] | undefined;
  /** Where its data is. */
  readonly disks: readonly Space[];
}

export async function lookAtMember(
  { ask, settings }: Look<EtcdSettings>,
  { name, address }: ClusterHost,
): Promise<EtcdState> {
  const send = (request: (endpoint: EtcdEndpoint) => HttpRequest) =>
    ask.http(name, request({ address, port: settings.clientPort }));
  const [status, list, alarms, disks] = await Promise.all([
    send(statusRequest),
    send(memberListRequest),
    send(alarmsRequest),
    lookAtDisks(ask, name, [settings.dataDir]),
  ]);
  return { status: parseStatus(status), view: parseMemberList(list), alarms: parseAlarms(alarms), disks };
}

/**
 * The alarms to tell of a member: its own, and those of nobody who answers, as etcd heeds them all the same. undefined where
 * it does not say.
 */
export function alarmsOf(states: ReadonlyMap<string, EtcdState>, name: string): string[] | undefined {
  const others = [...states]
    .filter(([other]) => other !== name)
    .flatMap(([, { status }]) => status?.memberId ?? []);
  return states
    .get(name)
    ?.alarms?.filter(({ memberId }) => !others.includes(memberId))
    .map(({ alarm }) => alarm);
}

/** The host of the leader, if a member says that it leads. */
export function etcdLeaderOf(states: ReadonlyMap<string, EtcdState>): string | undefined {
  return [...states].find(
    ([, { status }]) => status !== undefined && status.leaderId === status.memberId,
  )?.[0];
}

/** The leaders that members know, by id; one in a healthy cluster. */
export function leaderIdsOf(states: ReadonlyMap<string, EtcdState>): string[] {
  const known = [...states.values()].flatMap(({ status }) => status?.leaderId ?? []);
  // A member that knows of no leader says 0.
  return [...new Set(known)].filter((id) => id !== '0');
}
