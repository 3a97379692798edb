import * as z from 'zod';
import { stringifyWithSecrets } from '../../core/secrets.ts';
import { compareVersions } from '../../vars/helpers.ts';
import { jsonOf, type HttpAnswer, type HttpRequest } from '../http.ts';

/** Where a Patroni member's REST API listens. */
export interface PatroniEndpoint {
  readonly address: string;
  readonly port: number;
}

/** User and password for what changes something; reading is open. */
export interface PatroniCredentials {
  readonly user: string;
  readonly password: string;
}

export function getRequest({ address, port }: PatroniEndpoint, path: string): HttpRequest {
  return { address, port, method: 'GET', path };
}

export function patchConfigRequest(
  { address, port }: PatroniEndpoint,
  credentials: PatroniCredentials,
  patch: unknown,
): HttpRequest {
  return {
    address,
    port,
    method: 'PATCH',
    path: '/config',
    body: stringifyWithSecrets(patch),
    ...credentials,
  };
}

function post(
  { address, port }: PatroniEndpoint,
  credentials: PatroniCredentials,
  path: string,
  body: Readonly<Record<string, unknown>>,
): HttpRequest {
  return { address, port, method: 'POST', path, body: stringifyWithSecrets(body), ...credentials };
}

/** Asks the leader to hand over: at once, or at a time in ISO 8601 with its zone. Answers once another leads. */
export function switchoverRequest(
  endpoint: PatroniEndpoint,
  credentials: PatroniCredentials,
  order: { readonly leader: string; readonly candidate?: string; readonly scheduled_at?: string },
): HttpRequest {
  return post(endpoint, credentials, '/switchover', order);
}

/** Takes back a switchover that is to happen later. */
export function cancelSwitchoverRequest(
  { address, port }: PatroniEndpoint,
  credentials: PatroniCredentials,
): HttpRequest {
  return { address, port, method: 'DELETE', path: '/switchover', ...credentials };
}

/** Makes a candidate lead, with a leader or without. */
export function failoverRequest(
  endpoint: PatroniEndpoint,
  credentials: PatroniCredentials,
  candidate: string,
): HttpRequest {
  return post(endpoint, credentials, '/failover', { candidate });
}

/**
 * Restarts PostgreSQL, and answers once that is done. The role is `replica` or left out: what a primary is called
 * differs between versions. The time limit is in seconds.
 */
export function restartRequest(
  endpoint: PatroniEndpoint,
  credentials: PatroniCredentials,
  order: { readonly timeout: number; readonly role?: 'replica'; readonly restart_pending?: true },
): HttpRequest {
  return post(endpoint, credentials, '/restart', order);
}

/** Has a member read its configuration again; it answers before it does. */
export function reloadRequest(endpoint: PatroniEndpoint, credentials: PatroniCredentials): HttpRequest {
  return post(endpoint, credentials, '/reload', {});
}

/** Has a replica delete its data and clone the leader; it answers before it does. */
export function reinitRequest(endpoint: PatroniEndpoint, credentials: PatroniCredentials): HttpRequest {
  return post(endpoint, credentials, '/reinitialize', {});
}

const Member = z.looseObject({
  state: z.string(),
  role: z.string(),
  timeline: z.number().optional(),
  replication_state: z.string().optional(),
  pending_restart: z.boolean().optional(),
  pause: z.boolean().optional(),
  database_system_identifier: z.string().optional(),
  watchdog_failed: z.boolean().optional(),
  dcs_last_seen: z.number().optional(),
  postmaster_start_time: z.string().nullish(),
  server_version: z.number().optional(),
  /** A primary has a location, a replica those that it has received and replayed; in bytes. */
  xlog: z
    .looseObject({
      location: z.number().optional(),
      received_location: z.number().nullish(),
      replayed_location: z.number().nullish(),
    })
    .optional(),
  patroni: z.looseObject({ version: z.string(), scope: z.string() }),
  replication: z
    .array(z.looseObject({ application_name: z.string(), state: z.string(), sync_state: z.string() }))
    .optional(),
});
export type PatroniMember = z.infer<typeof Member>;

/** What a member says of itself; the answer's status says what it is fit for, and does not matter here. */
export function parseMember(answer: HttpAnswer): PatroniMember | undefined {
  const parsed = Member.safeParse(jsonOf(answer));
  return parsed.success ? parsed.data : undefined;
}

const Cluster = z.looseObject({
  members: z.array(
    z.looseObject({
      name: z.string(),
      role: z.string(),
      state: z.string(),
      host: z.string().optional(),
      port: z.number().optional(),
      timeline: z.number().optional(),
      lag: z.union([z.number(), z.string()]).optional(),
      pending_restart: z.boolean().optional(),
      tags: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  pause: z.boolean().optional(),
  scheduled_switchover: z
    .looseObject({ at: z.string(), from: z.string().optional(), to: z.string().optional() })
    .optional(),
});
export type PatroniCluster = z.infer<typeof Cluster>;

export function parseCluster(answer: HttpAnswer): PatroniCluster | undefined {
  const parsed = answer.answered && answer.status === 200 ? Cluster.safeParse(jsonOf(answer)) : undefined;
  return parsed?.success ? parsed.data : undefined;
}

/** The configuration in the DCS; undefined while there is none. */
export function parseConfig(answer: HttpAnswer): Record<string, unknown> | undefined {
  const parsed =
    answer.answered && answer.status === 200
      ? z.record(z.string(), z.unknown()).safeParse(jsonOf(answer))
      : undefined;
  return parsed?.success ? parsed.data : undefined;
}

/** Whether a switch of the DCS is on: `on`, `true` or, of the synchronous mode from 4.0, `quorum`. */
export function isOn(value: unknown): boolean {
  return value === true || value === 'on' || value === 'quorum';
}

/** The role in the cluster's list of who holds the lock. */
export function isLeaderRole(role: string): boolean {
  return role === 'leader' || role === 'standby_leader' || isPrimaryRole(role);
}

/** Whether a role in the cluster's list is that of a synchronous or quorum standby. */
export function isSynchronousRole(role: string): boolean {
  return role === 'sync_standby' || role === 'quorum_standby';
}

/** The member that leads; undefined while nobody holds the lock. */
export function leaderOf(cluster: PatroniCluster): PatroniCluster['members'][number] | undefined {
  return cluster.members.find(({ role }) => isLeaderRole(role));
}

/** Names of a member's streaming replicas. It lists them in every version; in /cluster only 3.0.4 and later say so. */
export function streamersOf(member: PatroniMember): Set<string> {
  const streams = (member.replication ?? []).filter(({ state }) => state === 'streaming');
  return new Set(streams.map((stream) => stream.application_name));
}

/** A member's state and lag, for people. */
export function conditionOf({ state, lag }: PatroniCluster['members'][number]): string {
  return `${state}, lag ${lag === undefined ? 'unknown' : typeof lag === 'number' ? `${lag} bytes` : lag}`;
}

/** Bytes that a member has not received of what the leader wrote, in their own words; undefined where one does not say. */
export function lagBehind(
  leader: PatroniMember | undefined,
  member: PatroniMember | undefined,
): number | undefined {
  const written = leader?.xlog?.location;
  const { received_location: received, replayed_location: replayed } = member?.xlog ?? {};
  // From an archive a member replays what it never received.
  const has = Math.max(received ?? -1, replayed ?? -1);
  return written === undefined || has < 0 ? undefined : Math.max(0, written - has);
}

/** Whether a member may become leader, by its tags; since Patroni 3.2 a priority of 0 says the same as nofailover. */
export function mayLead(tags: PatroniCluster['members'][number]['tags']): boolean {
  const priority = tags?.['failover_priority'];
  return tags?.['nofailover'] !== true && !(typeof priority === 'number' && priority <= 0);
}

/** Roles that take writes: `master` until Patroni 4.0, `primary` since. */
export function isPrimaryRole(role: string): boolean {
  return role === 'primary' || role === 'master';
}

/** The replication slot that Patroni keeps for a member; other characters become their code points, in decimal. */
export function slotNameOf(member: string): string {
  return member
    .toLowerCase()
    .replace(/[^a-z0-9_]/gu, (char) =>
      '-.'.includes(char) ? '_' : `u${String(char.codePointAt(0)).padStart(4, '0')}`,
    )
    .slice(0, 63);
}

/** The slots that belong to none of the members. */
export function orphanedSlots(slots: readonly string[], members: readonly string[]): string[] {
  const kept = new Set(members.map(slotNameOf));
  return slots.filter((slot) => !kept.has(slot));
}

/** Since 4.0 Patroni keeps the slot of a member that is gone, for member_slots_ttl. */
export function keepsSlotsOfGone(
  version: string | undefined,
  config: Readonly<Record<string, unknown>> | undefined,
): boolean {
  if (version === undefined || compareVersions(version, '4.0') < 0) return false;
  const kept = config?.['member_slots_ttl'];
  return kept !== 0 && kept !== '0';
}
