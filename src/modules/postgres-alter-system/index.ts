import * as z from 'zod';
import { refusalOf } from '../../clients/etcd.ts';
import { reloadRequest } from '../../clients/patroni/api.ts';
import { fileFaultsQuery, overridesOf, parseFileFaults } from '../../clients/pg-files.ts';
import { needSql } from '../../facts/api.ts';
import { changed, changeFields, inSync, outdate } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { identifier, onOwn, ownSqlParams } from '../sql-task.ts';

const Login = z.strictObject(ownSqlParams);
const restParams = {
  rest_port: z.int().default(8008).describe('Port of Patroni’s REST API.'),
  rest_user: z.string().describe('Who may have Patroni reload.'),
  rest_password: z.string().describe('That user’s password.'),
};

const Params = z.strictObject({
  ...ownSqlParams,
  ...restParams,
  parameters: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Parameters that are kept elsewhere. Without them there is nothing to do.'),
});

export const postgresAlterSystem = defineModule({
  name: 'postgres_alter_system',
  docs: {
    summary:
      'Resets what ALTER SYSTEM has set of the parameters on this host’s server: that is stronger than all that Patroni writes. Other parameters are left as they are.',
    example: `- postgres_alter_system:
    address: "{{internal_address}}"
    login_user: "{{postgres_superuser_name}}"
    login_password: "{{postgres_superuser_password}}"
    rest_user: "{{patroni_restapi_user}}"
    rest_password: "{{patroni_restapi_password}}"
    parameters: "{{postgres_parameters}}"`,
  },
  params: Params,
  change: z.strictObject({ ...changeFields, ...restParams, login: Login, name: z.string() }),
  needs: (params) => ({ faults: needSql(onOwn(params, fileFaultsQuery)) }),
  diff({ faults: answer }, { parameters = {}, rest_port, rest_user, rest_password, ...login }) {
    // That it does not answer is the business of those who wait for it.
    if (!answer.answered) return inSync();
    const overrides = overridesOf(parseFileFaults(answer.rows), parameters);
    return changed(
      ...overrides.map(({ name, setting }) => ({
        action: 'set' as const,
        resource: name,
        detail: `reset, set by ALTER SYSTEM to ${setting}`,
        rest_port,
        rest_user,
        rest_password,
        login,
        name,
      })),
    );
  },
  apply: ({ name, login, rest_port: port, rest_user: user, rest_password: password }) => [
    {
      kind: 'sql',
      what: `reset ${name}`,
      // ALTER SYSTEM takes no part in a transaction.
      queries: [
        `ALTER SYSTEM RESET ${name.split('.').map(identifier).join('.')}`,
        'SELECT pg_reload_conf()',
      ].map((statement) => onOwn(login, statement)),
    },
    {
      kind: 'http',
      // In a reload of its own it sees what waits for a restart now.
      what: 'Patroni reads the settings again',
      request: reloadRequest({ address: login.address, port }, { user, password }),
      within: 10,
      progress: (answer) =>
        answer.answered && [200, 202].includes(answer.status) ? 'done' : { failed: refusalOf(answer) },
    },
  ],
  writes: ({ login }) => [outdate(needSql(onOwn(login, fileFaultsQuery)))],
  aim: ({ parameters = {} }) => `${Object.keys(parameters).length} settings are not set by ALTER SYSTEM`,
});
