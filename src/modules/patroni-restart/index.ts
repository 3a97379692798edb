import { getRequest } from '../../clients/patroni.ts';
import { settingsQuery } from '../../clients/pg-settings.ts';
import { needHttp, needSql } from '../../facts/api.ts';
import { defineModule } from '../define-module.ts';
import { operationsOf } from './commands.ts';
import { addressOf, diffRestart } from './diff.ts';
import { PatroniRestartChange, PatroniRestartParams } from './schema.ts';

/** The settings as the member on the host itself has them, primary or not. */
function settingsOn(params: PatroniRestartParams) {
  const { port, login_user, login_password, parameters } = params;
  return needSql({
    addresses: [addressOf(params)],
    port,
    primary: false,
    database: 'postgres',
    user: login_user,
    password: login_password,
    statements: [settingsQuery(Object.keys(parameters))],
  });
}

export const patroniRestart = defineModule({
  name: 'patroni_restart',
  docs: {
    summary:
      'Restarts PostgreSQL on a member that runs with other settings than it is to, through Patroni: a replica in its place, a leader after it has handed over. Only while every other member is fit.',
    example: `- patroni_restart:
    name: "{{inventory_hostname}}"
    members: "{{endpoints groups.postgres hostvars 'internal_address'}}"
    rest_user: "{{patroni_restapi_user}}"
    rest_password: "{{patroni_restapi_password}}"
    login_user: "{{postgres_superuser_name}}"
    login_password: "{{postgres_superuser_password}}"
    parameters: "{{postgres_parameters}}"`,
  },
  params: PatroniRestartParams,
  change: PatroniRestartChange,
  needs: (params) => ({
    cluster: needHttp(getRequest({ address: addressOf(params), port: params.rest_port }, '/cluster')),
    settings: settingsOn(params),
  }),
  diff: (facts, params) => diffRestart(facts, params),
  apply: operationsOf,
  writes: ({ address, rest_port: port }) => {
    const { kind, key } = needHttp(getRequest({ address, port }, '/cluster'));
    return [{ kind, key }];
  },
  aim: ({ name, parameters }) => `${name} runs with ${Object.keys(parameters).length} settings`,
});
