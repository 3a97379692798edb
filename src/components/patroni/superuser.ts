import { DatabaseRole } from '../database-role.ts';
import type { Look } from '../look.ts';
import type { PatroniSettings } from './settings.ts';

/** For what only the superuser may see. */
export function superuserOf({
  ask,
  settings,
}: Pick<Look<PatroniSettings>, 'ask' | 'settings'>): DatabaseRole {
  return new DatabaseRole(ask, { ...settings.superuser, port: settings.postgresPort });
}
