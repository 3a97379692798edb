// What is known of Patroni's and PostgreSQL's variables beyond their types, without any host.
import type { Diagnostic } from '../../../core/diagnostics.ts';
import { fieldsOf, problemIn, type Given } from '../../check.ts';
import { dcsProblems } from './dcs.ts';
import { checkHba } from './hba.ts';
import { checkInitdb } from './initdb.ts';
import { checkListen } from './listen.ts';
import { parameterProblem, togetherProblems } from './parameters.ts';
import { checkRoles } from './roles.ts';
import { checkTags } from './tags.ts';

export function check(given: Given): Diagnostic[] {
  return [
    ...checkRoles(given),
    ...checkListen(given),
    ...checkHba(given),
    ...checkParameters(given),
    ...checkDcs(given),
    ...checkStandbys(given),
    ...checkTags(given),
    ...checkInitdb(given),
  ];
}

function majorOf(given: Given): number | undefined {
  const major = given.value('postgres_version');
  return typeof major === 'number' ? major : undefined;
}

function checkParameters(given: Given): Diagnostic[] {
  const parameters = fieldsOf(given.value('postgres_parameters'));
  const single = Object.entries(parameters).flatMap(([name, value]) => {
    const problem = parameterProblem(name, value, majorOf(given));
    return problem ? [{ ...problem, name }] : [];
  });
  const initdb = given.value('postgres_initdb');
  const segment = Array.isArray(initdb)
    ? initdb.map((item: unknown) => Number(fieldsOf(item)['wal-segsize'] ?? 0))
    : [];
  const together = togetherProblems(parameters, Math.max(...segment, 0) || 16);
  return [...single, ...together].map(({ name, message, ...hint }) =>
    problemIn(given, 'postgres_parameters', {
      message: `postgres_parameters: ${message}`,
      path: [name],
      ...hint,
    }),
  );
}

function checkDcs(given: Given): Diagnostic[] {
  return dcsProblems(fieldsOf(given.value('patroni_dcs_extra')), majorOf(given)).map(
    ({ path, message, ...hint }) =>
      problemIn(given, 'patroni_dcs_extra', { message: `patroni_dcs_extra: ${message}`, path, ...hint }),
  );
}

/** With one node there is no standby, which Patroni does not mind. */
function checkStandbys(given: Given): Diagnostic[] {
  const extra = fieldsOf(given.value('patroni_dcs_extra'));
  const isOn = extra['synchronous_mode'] ?? given.value('patroni_synchronous_mode');
  const count = extra['synchronous_node_count'] ?? given.value('patroni_synchronous_node_count');
  if (isOn !== true && isOn !== 'quorum') return [];
  const willing = given.hosts.filter((host) => {
    return fieldsOf(given.value('patroni_tags', host))['nosync'] !== true;
  });
  const standbys = Math.max(1, Math.min(willing.length, given.hosts.length - 1));
  if (typeof count !== 'number' || count <= standbys) return [];
  const inExtra = 'synchronous_node_count' in extra;
  return [
    problemIn(given, inExtra ? 'patroni_dcs_extra' : 'patroni_synchronous_node_count', {
      message: `${inExtra ? 'patroni_dcs_extra: ' : 'patroni_'}synchronous_node_count is ${count}, and beside the leader there ${standbys === 1 ? 'is 1 node' : `are ${standbys} nodes`} that may be synchronous`,
      hint: `${standbys} at most`,
      path: inExtra ? ['synchronous_node_count'] : [],
    }),
  ];
}
