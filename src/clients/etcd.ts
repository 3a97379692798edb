import * as z from 'zod';
import { jsonOf, type HttpAnswer, type HttpRequest } from './http.ts';

/** Where an etcd member takes clients. */
export interface EtcdEndpoint {
  readonly address: string;
  readonly port: number;
}

// The JSON gateway of etcd 3.4 and later; 64-bit numbers come as text, and false and 0 are left out.
function call({ address, port }: EtcdEndpoint, path: string, body: unknown): HttpRequest {
  return { address, port, method: 'POST', path: `/v3/${path}`, body: JSON.stringify(body) };
}

export function memberListRequest(endpoint: EtcdEndpoint): HttpRequest {
  return call(endpoint, 'cluster/member/list', {});
}

export function memberAddRequest(endpoint: EtcdEndpoint, peerUrl: string): HttpRequest {
  return call(endpoint, 'cluster/member/add', { peerURLs: [peerUrl], isLearner: true });
}

export function memberPromoteRequest(endpoint: EtcdEndpoint, id: string): HttpRequest {
  return call(endpoint, 'cluster/member/promote', { ID: id });
}

export function memberRemoveRequest(endpoint: EtcdEndpoint, id: string): HttpRequest {
  return call(endpoint, 'cluster/member/remove', { ID: id });
}

/** Hands etcd's leadership on. Only the leader itself takes it. */
export function moveLeaderRequest(endpoint: EtcdEndpoint, target: string): HttpRequest {
  return call(endpoint, 'maintenance/transfer-leadership', { targetID: target });
}

export function statusRequest(endpoint: EtcdEndpoint): HttpRequest {
  return call(endpoint, 'maintenance/status', {});
}

export function alarmsRequest(endpoint: EtcdEndpoint): HttpRequest {
  return call(endpoint, 'maintenance/alarm', { action: 'GET' });
}

export function healthRequest({ address, port }: EtcdEndpoint): HttpRequest {
  return { address, port, method: 'GET', path: '/health' };
}

/** Whether a member says that it is healthy: it knows a leader and can commit. */
export function isHealthy(answer: HttpAnswer): boolean {
  return answer.answered && answer.status === 200;
}

/** All keys that begin with a prefix. */
export function prefixRequest(endpoint: EtcdEndpoint, prefix: string): HttpRequest {
  const key = Buffer.from(prefix);
  const end = Buffer.from(key);
  end.writeUInt8(end.readUInt8(end.length - 1) + 1, end.length - 1);
  return call(endpoint, 'kv/range', { key: key.toString('base64'), range_end: end.toString('base64') });
}

/** Deletes a key if it still has this value; the answer is 200 either way. */
export function deleteIfRequest(endpoint: EtcdEndpoint, key: string, value: string): HttpRequest {
  const encoded = Buffer.from(key).toString('base64');
  return call(endpoint, 'kv/txn', {
    compare: [
      { key: encoded, target: 'VALUE', result: 'EQUAL', value: Buffer.from(value).toString('base64') },
    ],
    success: [{ requestDeleteRange: { key: encoded } }],
  });
}

export interface EtcdMember {
  readonly id: string;
  /** Empty while the member has not started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface EtcdView {
  readonly clusterId: string;
  readonly members: readonly EtcdMember[];
}

const text = z.string().default('');

const MemberList = z.object({
  header: z.object({ cluster_id: z.string() }),
  members: z.array(
    z.object({
      ID: z.string(),
      name: text,
      peerURLs: z.array(z.string()).default([]),
      isLearner: z.boolean().default(false),
    }),
  ),
});

/** A member list; undefined when the server did not give one (it is down, or a learner). */
export function parseMemberList(answer: HttpAnswer): EtcdView | undefined {
  const parsed = answer.answered && answer.status === 200 ? MemberList.safeParse(jsonOf(answer)) : undefined;
  if (!parsed?.success) return undefined;
  const { header, members } = parsed.data;
  return {
    clusterId: header.cluster_id,
    members: members.map(({ ID, name, peerURLs, isLearner }) => ({
      id: ID,
      name,
      peerUrls: peerURLs,
      isLearner,
    })),
  };
}

export interface EtcdStatus {
  readonly memberId: string;
  readonly leaderId: string;
  readonly term: string;
  readonly version: string;
  readonly isLearner: boolean;
  /** Bytes on disk. */
  readonly size: number;
}

const Status = z.object({
  header: z.object({ member_id: text }),
  version: text,
  dbSize: z.string().default('0'),
  leader: text,
  raftTerm: text,
  isLearner: z.boolean().default(false),
});

export function parseStatus(answer: HttpAnswer): EtcdStatus | undefined {
  const parsed = answer.answered && answer.status === 200 ? Status.safeParse(jsonOf(answer)) : undefined;
  if (!parsed?.success) return undefined;
  const { header, version, dbSize, leader, raftTerm, isLearner } = parsed.data;
  return {
    memberId: header.member_id,
    leaderId: leader,
    term: raftTerm,
    version,
    isLearner,
    size: Number(dbSize),
  };
}

const Alarms = z.object({ alarms: z.array(z.object({ memberID: text, alarm: text })).default([]) });

export interface EtcdAlarm {
  /** Who raised it. */
  readonly memberId: string;
  /** `NOSPACE`, `CORRUPT`. */
  readonly alarm: string;
}

/** The alarms that are raised; every member lists those of all. */
export function parseAlarms(answer: HttpAnswer): EtcdAlarm[] | undefined {
  const parsed = answer.answered && answer.status === 200 ? Alarms.safeParse(jsonOf(answer)) : undefined;
  if (!parsed?.success) return undefined;
  return parsed.data.alarms.map(({ memberID: memberId, alarm }) => ({ memberId, alarm }));
}

/** What an alarm means, and the way out where there is a usual one. */
export function describeAlarm(alarm: string): string {
  if (alarm !== 'NOSPACE') return `alarm ${alarm}`;
  return 'NOSPACE: its quota is full and it takes no writes, so nobody can take the lead: compact, defragment, disarm (docs/operations.md)';
}

const Range = z.object({ kvs: z.array(z.object({ key: z.string(), value: text })).default([]) });

/** Keys with their values, decoded; undefined when the server did not answer the question. */
export function parseRange(answer: HttpAnswer): ReadonlyMap<string, string> | undefined {
  const parsed = answer.answered && answer.status === 200 ? Range.safeParse(jsonOf(answer)) : undefined;
  if (!parsed?.success) return undefined;
  const decode = (encoded: string) => Buffer.from(encoded, 'base64').toString('utf8');
  return new Map(parsed.data.kvs.map(({ key, value }) => [decode(key), decode(value)]));
}

/** What a refusal says, for messages. */
export function refusalOf(answer: HttpAnswer): string {
  if (!answer.answered) return answer.reason;
  const parsed = z
    .object({ message: z.string() })
    .or(z.object({ error: z.string() }))
    .safeParse(jsonOf(answer));
  const said = parsed.success ? Object.values(parsed.data)[0] : answer.body.slice(0, 200);
  return `${answer.status}${said ? `: ${said}` : ''}`;
}
