import type { HttpAnswer, HttpRequest } from '../clients/http.ts';
import type { SqlAnswer, SqlQuery } from '../clients/sql.ts';
import { checkKey, type FactKind, type FactRecord, type Need } from './need.ts';

/** Kinds of fact that the controller reads through the connection, instead of a script on the host. */
export type ApiKind = Extract<FactKind, 'http' | 'sql'>;

export function isApiKind(kind: FactKind): kind is ApiKind {
  return kind === 'http' || kind === 'sql';
}

/** The answer to an HTTP request made from the host. */
export function needHttp(request: HttpRequest): Need<HttpAnswer> {
  return {
    kind: 'http',
    key: checkKey(JSON.stringify(request)),
    parse: (records) => readAnswer(records) as HttpAnswer,
  };
}

/** The answer to an SQL query made from the host. */
export function needSql(query: SqlQuery): Need<SqlAnswer> {
  return {
    kind: 'sql',
    key: checkKey(JSON.stringify(query)),
    parse: (records) => readAnswer(records) as SqlAnswer,
  };
}

function readAnswer(records: readonly FactRecord[]): unknown {
  const [first] = records;
  if (first?.[0] === 'unreachable') return { answered: false, reason: first[1] ?? '' };
  return first?.[0] === undefined ? { answered: false, reason: 'not asked' } : JSON.parse(first[0]);
}

/** The record that carries an API's answer. */
export function apiRecords(answer: HttpAnswer | SqlAnswer): FactRecord[] {
  return [[JSON.stringify(answer)]];
}
