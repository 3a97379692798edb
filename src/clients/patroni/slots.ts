import * as z from 'zod';
import { compareVersions } from '../../vars/helpers.ts';
import type { SqlAnswer } from '../sql.ts';
import { isMap } from '../../core/is-map.ts';

/** Columns that later versions have are read as null from earlier ones. A slot that lost its WAL is of use to nobody. */
export const logicalSlotsQuery = `SELECT slot_name AS name, database, plugin,
coalesce((to_jsonb(s)->>'failover')::boolean, false) AS failover, coalesce((to_jsonb(s)->>'synced')::boolean, false) AS synced
FROM pg_replication_slots s WHERE slot_type = 'logical' AND NOT temporary AND to_jsonb(s)->>'wal_status' IS DISTINCT FROM 'lost' ORDER BY 1`;

const Slot = z.object({
  name: z.string(),
  database: z.string(),
  plugin: z.string(),
  /** PostgreSQL itself copies it to standbys (from 17), */
  failover: z.boolean(),
  /** and has done so here. */
  synced: z.boolean(),
});

/** A logical replication slot that outlives its session. */
export type LogicalSlot = z.infer<typeof Slot>;

/** Undefined where the server did not tell. */
export function parseLogicalSlots(answer: SqlAnswer): LogicalSlot[] | undefined {
  return answer.answered ? answer.rows.map((row) => Slot.parse(row)) : undefined;
}

/** Whether a slot can be read on from when the standby that has it is promoted: a former primary's own copy cannot. */
export function isReady({ failover, synced }: LogicalSlot): boolean {
  return synced || !failover;
}

/** Whether a slot goes along when another member takes the lead, given the time: PostgreSQL or Patroni copies it. */
export function isCarried(
  slot: LogicalSlot,
  { slots }: Readonly<Record<string, unknown>>,
  patroniVersion: string | undefined,
): boolean {
  // Since patroni#3245.
  if (slot.failover && patroniVersion !== undefined && compareVersions(patroniVersion, '4.0.5') >= 0)
    return true;
  // One that is described otherwise there is dropped like one that is not there.
  const permanent = isMap(slots) && Object.hasOwn(slots, slot.name) ? slots[slot.name] : undefined;
  return (
    isMap(permanent) &&
    (permanent['type'] ?? 'logical') === 'logical' &&
    permanent['database'] === slot.database &&
    permanent['plugin'] === slot.plugin
  );
}

/**
 * Whether Patroni leaves a slot where it is. It drops those that it does not know and that nobody reads at the moment
 * whenever PostgreSQL or Patroni was started, a pause ends, or it has made a new one of its own list (postgresql/slots.py).
 */
export function isKept(
  slot: LogicalSlot,
  config: Readonly<Record<string, unknown>>,
  patroniVersion: string | undefined,
): boolean {
  if (isCarried(slot, config, patroniVersion)) return true;
  const { ignore_slots: ignored } = config;
  const own: Record<string, unknown> = { ...slot, type: 'logical' };
  const fits = (matcher: unknown) =>
    isMap(matcher) && Object.entries(matcher).every(([key, value]) => own[key] === value);
  return Array.isArray(ignored) && ignored.some(fits);
}

/**
 * Whether Patroni may drop a slot because its lists change: it looks for strangers after it has made a slot of `slots`, and
 * for what it ignored no longer the next time.
 */
export function isDroppedByChange(
  slot: LogicalSlot,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  patroniVersion: string | undefined,
): boolean {
  if (isKept(slot, after, patroniVersion)) return false;
  const changes = JSON.stringify(before['slots'] ?? null) !== JSON.stringify(after['slots'] ?? null);
  return changes || isKept(slot, before, patroniVersion);
}

/** As they stand in the DCS to be permanent. */
export function permanentSlots(slots: readonly LogicalSlot[]): string {
  const entries = slots.map(
    ({ name, database, plugin }) =>
      `${name}: { type: logical, database: ${JSON.stringify(database)}, plugin: ${plugin} }`,
  );
  return `slots: { ${entries.join(', ')} }`;
}
