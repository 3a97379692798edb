import { expect, test } from 'vitest';
import type { SqlAnswer } from '../../../../src/clients/sql.ts';
import { Ask } from '../../../../src/components/ask.ts';
import { DatabaseRole } from '../../../../src/components/database-role.ts';
import { probeSql } from '../../../../src/components/patroni/probe-sql.ts';
import { patroni } from '../../../../src/components/patroni/index.ts';
import { FakeFleet } from '../../fake-fleet.ts';
import { AskedCluster } from '../asked-cluster.ts';

const wrong = (user: string) => ({
  answered: false,
  reason: `password authentication failed for user "${user}"`,
  code: '28P01',
});

async function passwordsRow(refused: string, denied: object = wrong(refused)) {
  const fleet = new FakeFleet({
    sql: (_host, _statement, user): SqlAnswer =>
      user === refused ? (denied as SqlAnswer) : { answered: true, rows: [] },
  });
  const ask = new Ask(fleet);
  const look = { ...new AskedCluster().look(patroni), ask };
  const sql = new DatabaseRole(ask, { ...look.settings.probe, port: 5432 });
  const seen = { states: new Map(), leaders: ['n1'], answering: ['n1'], readOnly: true };
  const rows = await probeSql({ ...look, ...seen, sql });
  return rows.find(({ probe }) => probe === 'passwords');
}

test.each([
  ['nobody', 'pass', 'postgres and replicator log in'],
  [
    'replicator',
    'fail',
    'password authentication failed for user "replicator"; drover provision sets it again',
  ],
  [
    'postgres',
    'fail',
    'password authentication failed for user "postgres"; set it on n1: runuser -u postgres -- psql, \\password postgres',
  ],
])(
  'a password that was changed by hand is told while it still streams: %s',
  async (refused, verdict, found) => {
    expect(await passwordsRow(refused)).toMatchObject({ where: 'n1', verdict, found });
  },
);

test.each([
  ['replicator', 'warn'],
  ['postgres', 'fail'],
])('a line of pg_hba.conf that keeps out %s: %s', async (user, verdict) => {
  const reason = `pg_hba.conf rejects connection for host "10.0.0.1", user "${user}", database "postgres"`;
  const found = await passwordsRow(user, { answered: false, reason, code: '28000' });
  expect(found).toMatchObject({ verdict, found: reason });
});
