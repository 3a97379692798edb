import * as z from 'zod';
import { asScramVerifier } from '../../core/secrets.ts';
import { needSql } from '../../facts/api.ts';
import { changed, changeFields, inSync, outdate, refused } from '../../plan/change.ts';
import { defineModule } from '../define-module.ts';
import { identifier, literal, onPrimary, SqlLoginParams, sqlParams, unanswered } from '../sql-task.ts';

const attributes = [
  'superuser',
  'createrole',
  'createdb',
  'replication',
  'bypassrls',
  'login',
  'inherit',
] as const;

const columns: Readonly<Record<(typeof attributes)[number], string>> = {
  superuser: 'rolsuper',
  createrole: 'rolcreaterole',
  createdb: 'rolcreatedb',
  replication: 'rolreplication',
  bypassrls: 'rolbypassrls',
  login: 'rolcanlogin',
  inherit: 'rolinherit',
};

const Params = z.strictObject({
  ...sqlParams,
  name: z.string().min(1).max(63).describe('The role.'),
  password: z.string().optional().describe('Its password; without one, the password is left as it is.'),
  attributes: z
    .array(z.enum(attributes))
    .default(['login', 'inherit'])
    .describe('Attributes the role is to have; those not named it is not to have.'),
  member_of: z
    .array(z.string())
    .default([])
    .describe('Roles it is to be a member of; other memberships are left.'),
});

const RoleRow = z.looseObject({
  rolpassword: z.string().nullable(),
  member_of: z.array(z.string()),
  comment: z.string().nullish(),
});

/** Comment on the roles that drover makes: of any other role it takes nothing. */
const mark = 'Kept by drover.';

/** One row when the role is there. */
function query(name: string): string {
  return `SELECT r.*, to_jsonb(ARRAY(SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid)) AS member_of, shobj_description(r.oid, 'pg_authid') AS comment FROM pg_authid r WHERE r.rolname = ${literal(name)}`;
}

export const postgresRole = defineModule({
  name: 'postgres_role',
  docs: {
    summary:
      'Keeps a role of PostgreSQL: password, attributes, memberships. The password goes to the server as a SCRAM verifier, never in clear.',
    example: `- postgres_role:
    addresses: "{{postgres_addresses}}"
    login_user: postgres
    login_password: "{{postgres_superuser_password}}"
    name: admin
    password: "{{postgres_admin_password}}"
    attributes: [login, inherit, createrole, createdb]
  run_once: true`,
  },
  params: Params,
  change: z.strictObject({ ...changeFields, login: SqlLoginParams, statements: z.array(z.string()) }),
  needs: ({ name, ...params }) => ({ role: needSql(onPrimary(loginOf(params), query(name))) }),
  diff({ role: answer }, { name, password, attributes: wanted, member_of: groups, ...params }, context) {
    if (!answer.answered)
      return unanswered(
        answer,
        `is the superuser’s password in secrets.yml the one in use? If it was changed by hand, set it back on the leader’s host: runuser -u postgres -- psql, \\password ${params.login_user}`,
      );
    const row = answer.rows[0] === undefined ? undefined : RoleRow.parse(answer.rows[0]);
    const role = identifier(name);
    const login = loginOf(params);
    const options = attributes.map(
      (attribute) => `${wanted.includes(attribute) ? '' : 'NO'}${attribute.toUpperCase()}`,
    );
    const setPassword =
      password === undefined ? [] : [`ALTER ROLE ${role} PASSWORD ${literal(asScramVerifier(password))}`];
    if (!row) {
      const grants = groups.map((group) => `GRANT ${identifier(group)} TO ${role}`);
      return changed({
        action: 'create' as const,
        resource: `role ${name}`,
        detail: wanted.join(', '),
        login,
        statements: [
          `CREATE ROLE ${role} WITH ${options.join(' ')}`,
          ...setPassword,
          ...grants,
          `COMMENT ON ROLE ${role} IS ${literal(mark)}`,
        ],
      });
    }
    const wrong = attributes.filter(
      (attribute) => (row[columns[attribute]] === true) !== wanted.includes(attribute),
    );
    const isOurs = row.comment === mark;
    const taken = wrong.filter((attribute) => !wanted.includes(attribute));
    if (!isOurs && taken.length > 0) {
      return refused(
        `the role ${name} was not made by drover, and would lose ${taken.join(', ')}`,
        `name another role; if it is to lose that: ALTER ROLE ${role} ${taken.map((attribute) => `NO${attribute.toUpperCase()}`).join(' ')}`,
      );
    }
    const missing = groups.filter((group) => !row.member_of.includes(group));
    const samePassword = password === undefined || context.matchesScram(row.rolpassword ?? '', password);
    if (wrong.length === 0 && missing.length === 0 && samePassword) return inSync();
    return changed({
      action: 'update' as const,
      resource: `role ${name}`,
      detail: [
        ...wrong,
        ...missing.map((group) => `member of ${group}`),
        ...(samePassword ? [] : ['password']),
      ].join(', '),
      ...(isOurs || samePassword
        ? {}
        : { disrupts: `whoever logs in as ${name}, a role that drover did not make, with another password` }),
      login,
      statements: [
        ...(wrong.length === 0 ? [] : [`ALTER ROLE ${role} WITH ${options.join(' ')}`]),
        ...(samePassword ? [] : setPassword),
        ...missing.map((group) => `GRANT ${identifier(group)} TO ${role}`),
      ],
    });
  },
  apply: ({ resource, login, statements }) => [
    { kind: 'sql', what: resource, queries: [onPrimary(login, ...statements)] },
  ],
  writes: ({ login, resource }) => [
    outdate(needSql(onPrimary(login, query(resource.replace(/^role /, ''))))),
  ],
  aim: ({ name, attributes: wanted }) => `role ${name} (${wanted.join(', ')})`,
});

function loginOf(params: Omit<SqlLoginParams, 'database'>): SqlLoginParams {
  const { addresses, port, login_user, login_password } = params;
  return { addresses, port, login_user, login_password, database: 'postgres' };
}
