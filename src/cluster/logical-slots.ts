import {
  isDroppedByChange,
  isKept,
  isReady,
  logicalSlotsQuery,
  parseLogicalSlots,
  permanentSlots,
  type LogicalSlot,
} from '../clients/patroni/slots.ts';
import { patroni } from '../components/patroni/index.ts';
import type { Control } from './control.ts';
import type { ClusterView } from './view.ts';

/** The leader's logical slots, and which of them the others could go on with. */
export interface LogicalSlots {
  readonly ofLeader: readonly LogicalSlot[];
  /** Names, by member; not of one that does not tell. */
  readonly ready: ReadonlyMap<string, ReadonlySet<string>>;
}

export const noSlots: LogicalSlots = { ofLeader: [], ready: new Map() };

/** None where the leader does not tell: nobody else knows them. */
export async function readLogicalSlots(
  { sql, topology }: Pick<Control, 'sql' | 'topology'>,
  { leader }: ClusterView,
): Promise<LogicalSlots> {
  const hosts = topology.hostsOf(patroni);
  const read = async (name: string | undefined) => {
    const host = hosts.find((each) => each.name === name);
    return host && parseLogicalSlots(await sql.on(host, logicalSlotsQuery));
  };
  const ofLeader = (await read(leader)) ?? [];
  if (ofLeader.length === 0) return noSlots;
  const others = hosts.filter(({ name }) => name !== leader);
  const ready = others.map(async ({ name }) => {
    const slots = (await read(name)) ?? [];
    return [name, new Set(slots.filter(isReady).map((slot) => slot.name))] as const;
  });
  return { ofLeader, ready: new Map(await Promise.all(ready)) };
}

/** Those that end when a member takes the lead; of nobody in particular, that one of the others would end. */
export function lostTo({ ofLeader, ready }: LogicalSlots, member: string | undefined): LogicalSlot[] {
  const heirs = member === undefined ? [...ready.values()] : [ready.get(member)];
  return ofLeader.filter(({ name }) => heirs.some((slots) => !slots?.has(name)));
}

/** Those that Patroni may drop where the leader is. */
export function lostInPlace(
  { ofLeader }: LogicalSlots,
  { config, patroniVersion }: Pick<ClusterView, 'config' | 'patroniVersion'>,
): LogicalSlot[] {
  return ofLeader.filter((slot) => !isKept(slot, config ?? {}, patroniVersion));
}

/** Those that Patroni may drop as it reads another configuration. */
export function lostByChange(
  { ofLeader }: LogicalSlots,
  { config, patroniVersion }: Pick<ClusterView, 'config' | 'patroniVersion'>,
  after: Readonly<Record<string, unknown>>,
): LogicalSlot[] {
  return ofLeader.filter((slot) => isDroppedByChange(slot, config ?? {}, after, patroniVersion));
}

/** What a step interrupts, with the slots that it loses. */
export function withLoss(disrupts: string, lost: readonly LogicalSlot[]): string {
  return lost.length === 0 ? disrupts : `${disrupts}, and loses ${nameSlots(lost)}`;
}

export function nameSlots(slots: readonly LogicalSlot[]): string {
  return `the logical slot${slots.length === 1 ? '' : 's'} ${slots.map(({ name }) => name).join(', ')}`;
}

/** How they are kept; nothing where none is lost. */
export function noteOfLoss(lost: readonly LogicalSlot[]): string[] {
  if (lost.length === 0) return [];
  return [
    `to keep ${nameSlots(lost)}: patroni_dcs_extra: { ${permanentSlots(lost)} }, drover provision, and wait until the replicas have them (docs/operations.md, Logical slots)`,
  ];
}
