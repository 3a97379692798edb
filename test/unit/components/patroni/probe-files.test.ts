import { expect, test } from 'vitest';
import { patroni } from '../../../../src/components/patroni/index.ts';
import { probeFiles } from '../../../../src/components/patroni/probe-files.ts';
import { AskedCluster } from '../asked-cluster.ts';

test('what PostgreSQL could not read again, and what ALTER SYSTEM has set, are rows of verify', async () => {
  const cluster = new AskedCluster();
  const none = { line: 3, name: null, setting: null, error: null };
  cluster.settingsOn = {
    n1: {
      answered: true,
      rows: [{ ...none, kind: 'error', file: '/pg/pg_hba.conf', error: 'invalid CIDR mask' }],
    },
    n2: {
      answered: true,
      rows: [
        { ...none, kind: 'override', file: 'postgresql.auto.conf', name: 'jit', setting: 'off' },
        { ...none, kind: 'override', file: 'postgresql.auto.conf', name: 'max_connections', setting: '50' },
      ],
    },
    n3: { answered: false, reason: 'connection refused' },
  };
  const rows = await probeFiles(cluster.look(patroni));
  expect(rows.map(({ probe, where, found, verdict }) => `${verdict} ${probe} (${where}): ${found}`)).toEqual([
    'fail configuration files (n1): /pg/pg_hba.conf:3: invalid CIDR mask',
    'pass configuration files (n2): no errors',
    'fail ALTER SYSTEM (n2): jit off, max_connections 50',
  ]);
});
