import { getRequest, type PatroniEndpoint } from '../../clients/patroni/api.ts';
import { logicalSlotsQuery } from '../../clients/patroni/slots.ts';
import { settingsQuery } from '../../clients/pg-settings.ts';
import { needHttp, needSql } from '../../facts/api.ts';
import { needPackage, needUnpackTime } from '../../facts/package.ts';
import { factsOfUnit, needUnit } from '../../facts/unit.ts';
import { outdate } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { operationsOf, restartUnit } from './commands.ts';
import { addressOf, diffRestart } from './diff.ts';
import { PatroniRestartChange, PatroniRestartParams } from './schema.ts';

/** As the member on the host itself answers, primary or not. */
function needOfMember(params: PatroniRestartParams, statement: string) {
  const { port, login_user, login_password } = params;
  return needSql({
    addresses: [addressOf(params)],
    port,
    primary: false,
    database: 'postgres',
    user: login_user,
    password: login_password,
    statements: [statement],
  });
}

/** What Patroni says differently after a restart. */
function answersOf(endpoint: PatroniEndpoint) {
  return ['/cluster', '/patroni'].map((path) => needHttp(getRequest(endpoint, path)));
}

export const patroniRestart = defineModule({
  name: 'patroni_restart',
  docs: {
    summary:
      'Restarts PostgreSQL on a member that runs with other settings than it is to, or with an older package than is installed, and Patroni where that is newer: a replica in its place, a leader after it has handed over. Only while every other member is fit.',
    example: `- patroni_restart:
    name: "{{inventory_hostname}}"
    members: "{{endpoints groups.postgres hostvars 'internal_address'}}"
    rest_user: "{{patroni_restapi_user}}"
    rest_password: "{{patroni_restapi_password}}"
    login_user: "{{postgres_superuser_name}}"
    login_password: "{{postgres_superuser_password}}"
    parameters: "{{postgres_parameters}}"
    server_packages: [postgresql-15]
    patroni_packages: [patroni]`,
  },
  params: PatroniRestartParams,
  change: PatroniRestartChange,
  needs: (params) => {
    const { parameters, server_packages: server, patroni_packages: patroni, unit } = params;
    const endpoint = { address: addressOf(params), port: params.rest_port };
    return {
      cluster: needHttp(getRequest(endpoint, '/cluster')),
      settings: parameters ? [needOfMember(params, settingsQuery(Object.keys(parameters)))] : [],
      slots: needOfMember(params, logicalSlotsQuery),
      // When PostgreSQL and Patroni were started, and what for.
      member: server.length === 0 ? [] : [needHttp(getRequest(endpoint, '/patroni'))],
      unit: patroni.length === 0 ? [] : [needUnit(unit)],
      server: server.map(needPackage),
      serverTimes: server.map(needUnpackTime),
      patroni: patroni.map(needPackage),
      patroniTimes: patroni.map(needUnpackTime),
    };
  },
  diff: (facts, params) => diffRestart(facts, params),
  apply: operationsOf,
  // With its former package, it has to be started again.
  revert: (change) => (change.unit === undefined ? [] : restartUnit(change, change.unit)),
  mayWrite: (params) => answersOf({ address: addressOf(params), port: params.rest_port }),
  writes: ({ address, rest_port: port, unit }) =>
    [...answersOf({ address, port }), ...(unit === undefined ? [] : factsOfUnit(unit))].map(outdate),
  aim: ({ name, parameters }) =>
    parameters
      ? `${name} runs with ${Object.keys(parameters).length} settings`
      : `${name} runs with its packages`,
});
