import * as z from 'zod';
import { needSql } from '../../facts/api.ts';
import { changed, changeFields, inSync, outdate } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { onPrimary, SqlLoginParams, sqlParams, unanswered } from '../sql-task.ts';

const Params = z.strictObject({
  ...sqlParams,
  database: z.string().default('postgres').describe('Database to run it in.'),
  query: z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.string()).min(1))
    .describe('A statement or a list of them, run in one transaction.'),
  unless: z.string().describe('A query whose first column is true when there is nothing to do.'),
});

export const postgresQuery = defineModule({
  name: 'postgres_query',
  docs: {
    summary: 'Runs SQL on the server that takes writes, unless a query says that there is nothing to do.',
    example: `- postgres_query:
    addresses: "{{postgres_addresses}}"
    login_user: postgres
    login_password: "{{postgres_superuser_password}}"
    query: CREATE EXTENSION pg_stat_statements
    unless: SELECT count(*) > 0 FROM pg_extension WHERE extname = 'pg_stat_statements'
  run_once: true`,
  },
  params: Params,
  change: z.strictObject({
    ...changeFields,
    login: SqlLoginParams,
    statements: z.array(z.string()),
    unless: z.string(),
  }),
  needs: ({ unless, query: _query, ...login }) => ({ done: needSql(onPrimary(login, unless)) }),
  diff({ done }, { unless, query, ...login }) {
    if (!done.answered) return unanswered(done, 'check login, database and the query in unless');
    if (Object.values(done.rows[0] ?? {})[0] === true) return inSync();
    const [first = ''] = query;
    return changed({
      action: 'run' as const,
      resource: first.split('\n')[0] ?? first,
      login,
      statements: query,
      unless,
    });
  },
  apply: ({ login, statements, resource }) => [
    { kind: 'sql', what: resource, queries: [onPrimary(login, ...statements)] },
  ],
  writes: ({ login, unless }) => [outdate(needSql(onPrimary(login, unless)))],
  aim: ({ unless }) => unless,
});
