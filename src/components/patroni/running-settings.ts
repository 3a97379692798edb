import { changedLimits, leadersLimits, type ChangedLimits } from '../../clients/patroni/order.ts';
import { parseSettings, settingsQuery, type PgSettings } from '../../clients/pg-settings.ts';
import type { Ask } from '../ask.ts';
import type { Lead } from '../gate.ts';
import type { Placed } from '../place.ts';
import { superuserOf } from './superuser.ts';
import type { PatroniSettings } from './settings.ts';

interface Members extends Placed<PatroniSettings> {
  readonly ask: Ask;
}

/** Parameters as a member runs with them; undefined where it can't be asked. */
export async function settingsOf(
  { ask, hosts, settings }: Members,
  member: string | undefined,
  names: readonly string[],
): Promise<PgSettings | undefined> {
  const address = hosts.find(({ name }) => name === member)?.address;
  if (member === undefined || address === undefined || !ask.reaches(member)) return undefined;
  return parseSettings(
    await superuserOf({ ask, settings }).on({ name: member, address }, settingsQuery(names)),
  );
}

/** Whether a limit goes down that standbys share with their primary; by the others' word where the leader is silent. */
export async function limitsGoDown(members: Members, { leader, members: names }: Lead): Promise<boolean> {
  const own = await limitsOn(members, leader);
  const others = own ? [] : names.filter((name) => name !== leader);
  const limits = await Promise.all(others.map((name) => limitsOn(members, name)));
  return leadersLimits(own, limits).down.length > 0;
}

async function limitsOn(members: Members, member: string): Promise<ChangedLimits | undefined> {
  const { parameters } = members.settings;
  const settings = await settingsOf(members, member, Object.keys(parameters));
  return settings && changedLimits(settings, parameters);
}
