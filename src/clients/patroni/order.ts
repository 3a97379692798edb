import { directions, withFallbacks, type PgSettings } from '../pg-settings.ts';

/** Limits that standbys share with their primary, and that change by a restart. */
export interface ChangedLimits {
  readonly up: readonly string[];
  readonly down: readonly string[];
}

/** Which shared limits change on a member when it takes the parameters over. */
export function changedLimits(
  running: PgSettings,
  parameters: Readonly<Record<string, unknown>>,
): ChangedLimits {
  return directions(running, withFallbacks(running, parameters));
}

/** A limit that goes up has to reach the replicas first, and one that goes down the leader. */
export function areMixed({ up, down }: ChangedLimits): boolean {
  return up.length > 0 && down.length > 0;
}

/**
 * The limits that change on the leader, or where it does not say, on any other member. It may be restarting at this
 * moment; what it has taken over already, it need not do again.
 */
export function leadersLimits(
  own: ChangedLimits | undefined,
  others: readonly (ChangedLimits | undefined)[],
): ChangedLimits {
  if (own) return own;
  const union = (of: 'up' | 'down') => [...new Set(others.flatMap((limits) => limits?.[of] ?? []))];
  return { up: union('up'), down: union('down') };
}

/**
 * Whether a replica must have replayed what its leader has written before it is restarted: it learns of the leader's
 * lower limit that way, and keeps its own higher one otherwise.
 */
export function needsReplay(limits: ChangedLimits | undefined): boolean {
  return limits !== undefined && limits.down.length > 0;
}

/**
 * The order of restarts: the leader last, or first where a shared limit goes down;
 * joining hosts last: the leader must admit them first.
 */
export function restartOrder(
  names: readonly string[],
  { leader, members }: { readonly leader: string; readonly members: readonly string[] },
  leaderFirst: boolean,
): string[] {
  if (!names.includes(leader)) return [...names];
  const replicas = names.filter((name) => name !== leader && members.includes(name));
  const joining = names.filter((name) => !members.includes(name) && name !== leader);
  return leaderFirst ? [leader, ...replicas, ...joining] : [...replicas, leader, ...joining];
}
