import * as z from 'zod';
import { getRequest } from '../../clients/patroni/api.ts';
import { fileFaultsQuery, parseFileFaults } from '../../clients/pg-files.ts';
import { needHttp, needSql } from '../../facts/api.ts';
import { onHost } from '../../facts/need.ts';
import { needRestartRecord, needUnit, type RestartRecord, type UnitFact } from '../../facts/unit.ts';
import { changeFields, inSync, silent } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { unit as unitParam } from '../params.ts';
import { onOwn, ownSqlParams } from '../sql-task.ts';

const Params = z.strictObject({
  ...ownSqlParams,
  unit: unitParam
    .default('patroni')
    .describe('Unit at whose reload the server reads its files again: that is waited for.'),
  hba_only: z
    .boolean()
    .default(false)
    .describe('Leave the settings be, as long as those that are to come are not there yet.'),
  settings_from: z
    .strictObject({
      host: z.string().describe('A host of the run.'),
      address: z.string().describe('Where Patroni listens there.'),
      port: z.int().describe('Port of its REST API.'),
    })
    .optional()
    .describe(
      'Who gives the configuration in the DCS: while that is about to change there is nothing to judge.',
    ),
});

/** When the unit was last told to read its files again; undefined when it has only been started. */
function reloadedAt(unit: UnitFact | undefined, record: RestartRecord | undefined): number | undefined {
  const isOfThisStart = record !== undefined && record.invocation === unit?.invocation;
  return isOfThisStart && record.readAt > unit.startedAt ? record.readAt : undefined;
}

export const postgresFiles = defineModule({
  name: 'postgres_files',
  docs: {
    summary:
      'Asks PostgreSQL for errors in pg_hba.conf and its settings: what it does not load now keeps it from starting later. A server that does not answer is left to those who wait for it.',
    example: `- postgres_files:
    address: "{{internal_address}}"
    login_user: "{{postgres_superuser_name}}"
    login_password: "{{postgres_superuser_password}}"`,
  },
  params: Params,
  change: z.strictObject({ ...changeFields }),
  readOnly: true,
  needs: (params) => ({
    faults: needSql(onOwn(params, fileFaultsQuery)),
    unit: needUnit(params.unit),
    record: needRestartRecord(params.unit),
    settings: params.settings_from
      ? [onHost(params.settings_from.host, needHttp(getRequest(params.settings_from, '/config')))]
      : [],
  }),
  diff({ faults: answer, unit, record }, { unit: name, hba_only: hbaOnly }) {
    if (!answer.answered) return inSync();
    const { errors, loadedAt } = parseFileFaults(answer.rows);
    // Settings that cannot be read keep the time as it was.
    const isRead = loadedAt >= (reloadedAt(unit, record) ?? 0) || errors.length > 0;
    if (!isRead) return silent(`PostgreSQL has not read its files since ${name} was reloaded`);
    const found = errors.filter(({ file }) => !hbaOnly || file.endsWith('/pg_hba.conf'));
    if (found.length === 0) return inSync();
    return silent(
      `PostgreSQL does not load ${found.map(({ place, error }) => `${place}: ${error}`).join('; ')}`,
      'put it right in the inventory; what somebody wrote there by hand, take out by hand, and drover reload',
    );
  },
  apply: () => [],
  writes: () => [],
  aim: () => 'PostgreSQL loads its files',
});
