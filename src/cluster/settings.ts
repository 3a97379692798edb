import { parseSettings, settingsQuery, type PgSettings } from '../clients/pg-settings.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import type { Topology } from '../components/topology.ts';

/** Parameters as a member runs with them; undefined where it can't be asked. */
export async function settingsOf(
  fleet: Fleet,
  topology: Topology,
  member: string | undefined,
  names: readonly string[],
): Promise<PgSettings | undefined> {
  const address = topology.postgres.find(({ name }) => name === member)?.address;
  if (member === undefined || address === undefined || !fleet.has(member)) return undefined;
  const { user, password } = topology.superuser;
  const answer = await fleet.sql(fleet.get(member), {
    addresses: [address],
    port: topology.ports.postgres,
    primary: false,
    database: 'postgres',
    user,
    password,
    statements: [settingsQuery(names)],
  });
  return parseSettings(answer);
}
