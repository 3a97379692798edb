import * as z from 'zod';
import { refusalOf } from '../../clients/etcd.ts';
import { getRequest, parseConfig, parseMember, patchConfigRequest } from '../../clients/patroni/api.ts';
import { needsRestart, parseSettings, settingsQuery } from '../../clients/pg-settings.ts';
import { isDroppedByChange, logicalSlotsQuery, parseLogicalSlots } from '../../clients/patroni/slots.ts';
import type { SqlAnswer } from '../../clients/sql.ts';
import { needHttp, needSql } from '../../facts/api.ts';
import { changed, changeFields, inSync, outdate, silent } from '../../plan/change.ts';
import type { HttpOperation } from '../../plan/operation.ts';
import { defineModule } from '../define-module.ts';
import { onOwn, onPrimary, ownSqlParams } from '../sql-task.ts';
import { applyPatch, detourOf, patchFor } from './patch.ts';

const Params = z.strictObject({
  address: z.string().describe('Address of a member’s REST API.'),
  port: z.int().default(8008).describe('Port of the REST API.'),
  user: z.string().describe('Who may change something through it.'),
  password: z.string().describe('That user’s password.'),
  members: z
    .array(z.string())
    .default([])
    .describe('Addresses of all members: each is waited for until it has taken a change up.'),
  postgres: z
    .strictObject({
      port: ownSqlParams.port,
      login_user: ownSqlParams.login_user,
      login_password: ownSqlParams.login_password,
    })
    .optional()
    .describe(
      'PostgreSQL of that member: what its parameters are in force as, so that a change can be taken back.',
    ),
  config: z
    .record(z.string(), z.unknown())
    .describe(
      'What the DCS is to hold. Of `postgresql.parameters` it is the whole; other keys are left as they are, and null removes one.',
    ),
});

type Params = z.infer<typeof Params>;

/** The leader’s logical slots, and the version that decides on them, where the lists of those to be kept may change. */
function needsOfSlots({ address, port, members, config, postgres }: Params) {
  if (!postgres || !(Object.hasOwn(config, 'slots') || Object.hasOwn(config, 'ignore_slots')))
    return { slots: [], member: [] };
  const leader = { ...postgres, addresses: [address, ...members], database: 'postgres' };
  return {
    slots: [needSql(onPrimary(leader, logicalSlotsQuery))],
    member: [needHttp(getRequest({ address, port }, '/patroni'))],
  };
}

function parametersOf({ config }: Params): string[] {
  const parameters = z
    .object({ parameters: z.record(z.string(), z.unknown()) })
    .safeParse(config['postgresql']);
  return parameters.success ? Object.keys(parameters.data.parameters) : [];
}

/** Values in force of what only a restart changes. */
function valuesIn(answer: SqlAnswer | undefined): Record<string, string> {
  const settings = answer && parseSettings(answer);
  const own = [...(settings?.byName.values() ?? [])].filter(needsRestart);
  return Object.fromEntries(own.flatMap(({ name, setting }) => (setting === null ? [] : [[name, setting]])));
}

function patchOperation(
  what: string,
  { address, port, user, password }: { address: string; port: number; user: string; password: string },
  patch: Readonly<Record<string, unknown>>,
): HttpOperation {
  return {
    kind: 'http',
    what,
    request: patchConfigRequest({ address, port }, { user, password }, patch),
    within: 30,
    progress: (answer) => {
      if (!answer.answered) return { failed: answer.reason };
      // 409: somebody else changed it meanwhile; what we set is set by name, so it can be sent again.
      if (answer.status === 409) return { waiting: 'it is being changed by somebody else' };
      return answer.status === 200 ? 'done' : { failed: refusalOf(answer) };
    },
  };
}

/**
 * Waits until a member has gone through a whole cycle since the change: it reads the configuration at the beginning of
 * one and marks what needs a restart before the next.
 */
function awaitTaken(address: string, port: number): HttpOperation {
  const seen = new Set<number>();
  return {
    kind: 'http',
    what: `the member at ${address} takes the configuration up`,
    request: getRequest({ address, port }, '/patroni'),
    within: 120,
    progress: (answer) => {
      const member = parseMember(answer);
      // A member that is down reads it when it comes up.
      if (!member) return answer.answered ? { waiting: refusalOf(answer) } : 'done';
      if (member.dcs_last_seen === undefined) return 'done';
      seen.add(member.dcs_last_seen);
      return seen.size > 2 ? 'done' : { waiting: 'not yet' };
    },
  };
}

export const patroniConfig = defineModule({
  name: 'patroni_config',
  docs: {
    summary:
      'Keeps the cluster-wide configuration in the DCS, which the bootstrap section sets only once. One PATCH with what differs; Patroni marks what needs a restart.',
    example: `- patroni_config:
    address: "{{internal_address}}"
    user: "{{patroni_restapi_user}}"
    password: "{{patroni_restapi_password}}"
    config: { ttl: 30, postgresql: { parameters: { max_connections: 100 } } }
  run_once: true`,
  },
  params: Params,
  change: z.strictObject({
    ...changeFields,
    address: z.string(),
    port: z.int(),
    user: z.string(),
    password: z.string(),
    members: z.array(z.string()),
    patch: z.record(z.string(), z.unknown()),
    /** What takes it back. */
    inverse: z.record(z.string(), z.unknown()),
    /** What goes before that, so that no member goes on waiting for a restart. */
    detour: z.record(z.string(), z.unknown()).optional(),
  }),
  needs: (params) => ({
    config: needHttp(getRequest(params, '/config')),
    settings: params.postgres
      ? [needSql(onOwn({ ...params.postgres, address: params.address }, settingsQuery(parametersOf(params))))]
      : [],
    ...needsOfSlots(params),
  }),
  diff(
    { config: answer, settings: [settings], slots: [slots], member: [member] },
    { config, members, address, port, user, password },
  ) {
    const actual = parseConfig(answer);
    if (!actual)
      return silent(`Patroni at ${address}:${port} does not give its configuration (${refusalOf(answer)})`);
    const { patch, inverse, differences } = patchFor(config, actual);
    if (differences.length === 0) return inSync();
    const detour = detourOf(inverse, valuesIn(settings));
    const lost = ((slots && parseLogicalSlots(slots)) ?? []).filter((slot) =>
      isDroppedByChange(
        slot,
        actual,
        applyPatch(actual, patch),
        member && parseMember(member)?.patroni.version,
      ),
    );
    const text = (side: 'before' | 'after') =>
      differences.map((difference) => `${difference.key}: ${difference[side] ?? '(not set)'}\n`).join('');
    return changed({
      action: 'set' as const,
      resource: 'the cluster’s configuration',
      detail: differences
        .map(({ key, before, after }) => `${key} ${before ?? '(not set)'} -> ${after ?? '(not set)'}`)
        .join(', '),
      before: text('before'),
      after: text('after'),
      ...(lost.length === 0
        ? {}
        : {
            disrupts: `readers of the logical slots ${lost.map(({ name }) => name).join(', ')}, which Patroni may drop: patroni_dcs_extra keeps those that it has under slots`,
          }),
      address,
      port,
      user,
      password,
      members,
      patch,
      inverse,
      ...(detour ? { detour } : {}),
    });
  },
  apply: ({ patch, ...change }) => [
    patchOperation('change the cluster’s configuration', change, patch),
    ...change.members.map((address) => awaitTaken(address, change.port)),
  ],
  revert: ({ inverse, detour, ...change }) =>
    [...(detour ? [detour] : []), inverse].flatMap((patch) => [
      patchOperation('give the cluster its former configuration', change, patch),
      ...change.members.map((address) => awaitTaken(address, change.port)),
    ]),
  writes: ({ address, port }) => [outdate(needHttp(getRequest({ address, port }, '/config')))],
  aim: ({ config }) => `${Object.keys(config).length} settings in the DCS`,
});
