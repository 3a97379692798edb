import { fileFaultsQuery, overridesOf, parseFileFaults } from '../../clients/pg-files.ts';
import type { Look } from '../look.ts';
import type { ClusterHost } from '../place.ts';
import { row, type ProbeRow } from '../probe-row.ts';
import { superuserOf } from './superuser.ts';
import type { PatroniSettings } from './settings.ts';

/** What PostgreSQL would stumble over at its next start, and what ALTER SYSTEM has set past the inventory. */
export async function probeFiles(look: Look<PatroniSettings>): Promise<ProbeRow[]> {
  const rows = look.hosts.map((member) => probeMember(look, member));
  return (await Promise.all(rows)).flat();
}

async function probeMember(look: Look<PatroniSettings>, member: ClusterHost): Promise<ProbeRow[]> {
  const { name } = member;
  const answer = await superuserOf(look).on(member, fileFaultsQuery);
  // That it does not answer is a row of its own.
  if (!answer.answered) return [];
  const faults = parseFileFaults(answer.rows);
  const { errors, overrides } = faults;
  const found = errors.map(({ place, error }) => `${place}: ${error}`).join('; ');
  const set = overrides.map((override) => `${override.name} ${override.setting}`).join(', ');
  const isOurs = overridesOf(faults, look.settings.parameters).length > 0;
  return [
    row('configuration files', name, 'no errors', found || 'no errors', found === ''),
    ...(set === '' ? [] : [row('ALTER SYSTEM', name, 'nothing', set, isOurs ? 'fail' : 'warn')]),
  ];
}
