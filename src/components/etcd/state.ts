import {
  alarmsRequest,
  memberListRequest,
  parseAlarms,
  parseMemberList,
  parseStatus,
  statusRequest,
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
  /** That it has raised, and those of nobody who is a member: each is listed by all. */
  readonly alarms: readonly string[] | undefined;
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
  const [own, view] = [parseStatus(status), parseMemberList(list)];
  const others = view?.members.filter(({ id }) => id !== own?.memberId).map(({ id }) => id);
  return {
    status: own,
    view,
    alarms: parseAlarms(alarms)
      ?.filter(({ memberId }) => !others?.includes(memberId))
      .map(({ alarm }) => alarm),
    disks,
  };
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
