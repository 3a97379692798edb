import { parseSettings, settingsQuery, type PgSettings } from '../clients/pg-settings.ts';
import type { Control } from './control.ts';
import type { ClusterView } from './view.ts';

/** Parameters as the leader runs with them; undefined where it can't be asked. */
export async function settingsOf(
  { sql, topology }: Control,
  { leader }: ClusterView,
  names: readonly string[],
): Promise<PgSettings | undefined> {
  const node = topology.postgres.find(({ name }) => name === leader);
  return node && parseSettings(await sql.node(node, settingsQuery(names)));
}
