import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  drover,
  expectExit,
  leaderOf,
  linesOf,
  madeChanges,
  plannedChanges,
  postmasterStarts,
  statusOf,
  TestLab,
  threeFastNodes,
  type Outcome,
} from './harness.ts';

const lab = new TestLab();
const nodes = ['node1', 'node2', 'node3'];
const on = (...args: string[]) => drover(...args, '-i', lab.inventory, '--json');
const provision = () => on('provision', '-y', '--no-verify');

beforeAll(() => lab.upHealthy(threeFastNodes()));
afterAll(() => lab.down());

const hbaFaults = (node: string) =>
  lab.query(node, 'SELECT error FROM pg_hba_file_rules WHERE error IS NOT NULL');
const failuresOf = (run: Outcome) =>
  linesOf(run, 'task').flatMap(({ host, status, message }) =>
    status === 'failed' ? [`${host}: ${message ?? ''}`] : [],
  );

// What of pg_hba.conf passes every check but PostgreSQL's own.
const wrong = 'host app app 10.0.0.0/8 ldap ldapserver=x ldapbasedn=y ldapport=high';

describe('a line that PostgreSQL does not load', () => {
  it('ends the roll at the first member, with the line and the error, and is taken back', async () => {
    lab.set({ postgres_hba_extra: [wrong] });
    const run = await provision();
    expectExit(run, 7);
    expect(failuresOf(run)).toEqual([
      expect.stringMatching(
        /^node[23]: PostgreSQL does not load \S+pg_hba.conf:\d+: invalid LDAP port number/,
      ),
    ]);
    expect(new Set(linesOf(run, 'change').map(({ host }) => host)).size).toBe(1);
    lab.set({});
    for (const node of nodes) await expect.poll(() => hbaFaults(node), { timeout: 30_000 }).toBe('');
    expectExit(await on('plan'), 0);
  });

  it('is told by the plan where somebody wrote it by hand, until it is taken out', async () => {
    await lab.on('node3', `echo '${wrong}' >> /var/lib/postgresql/*/main/pg_hba.conf`);
    const plan = await on('plan');
    expectExit(plan, 7);
    expect(plan.stderr).toMatch(/node3[^]*pg_hba.conf:\d+: invalid LDAP port number[^]*drover reload/);
    // Since Patroni 4 the reload alone does it.
    await lab.on('node3', "sed -i '/ldapport/d' /var/lib/postgresql/*/main/pg_hba.conf");
    expectExit(await on('reload', 'node3'), 0);
    expectExit(await on('plan'), 0);
  });
});

it('what ALTER SYSTEM has set of the inventory’s parameters is drift, and reset on that member', async () => {
  const parameters = { work_mem: '8MB', max_files_per_process: 1000 };
  lab.set({ postgres_parameters: parameters });
  expectExit(await provision(), 0);
  const before = await postmasterStarts(lab, nodes);
  const alter = ["work_mem = '9MB'", 'max_files_per_process = 1200', 'log_min_duration_statement = 5000'];
  await lab.query('node2', ...alter.map((each) => `ALTER SYSTEM SET ${each}`), 'SELECT pg_reload_conf()');
  const plan = await on('plan');
  expectExit(plan, 2);
  expect(plannedChanges(plan)).toEqual(['node2: set work_mem', 'node2: set max_files_per_process']);
  expect(linesOf(plan, 'plan').flatMap(({ changes }) => changes.map(({ detail }) => detail))).toContain(
    'reset, set by ALTER SYSTEM to 9MB',
  );
  const run = await provision();
  expectExit(run, 0);
  expect(madeChanges(run)).toEqual(plannedChanges(plan));
  expect(await lab.query('node2', 'SHOW work_mem')).toBe('8MB');
  expect(await lab.query('node2', 'SHOW log_min_duration_statement')).toBe('5s');
  expect(await postmasterStarts(lab, nodes)).toEqual(before);
  await lab.query('node2', 'ALTER SYSTEM RESET ALL', 'SELECT pg_reload_conf()');
});

it('a roll that is taken back leaves nobody waiting for a restart', async () => {
  lab.set({
    postgres_parameters: { shared_buffers: '4TB', max_worker_processes: 9, max_files_per_process: 2000 },
  });
  const run = await provision();
  expectExit(run, 3);
  expect(linesOf(run, 'restore').map(({ change }) => change.resource)).toEqual([
    'the cluster’s configuration',
  ]);
  for (const node of nodes) {
    const pending = await lab.query(node, 'SELECT name FROM pg_settings WHERE pending_restart');
    expect(pending, node).toBe('');
  }
  const { members } = await statusOf(lab.inventory);
  expect(members.map(({ more }) => more)).toEqual(nodes.map(() => []));
});

it('settings that keep a member’s PostgreSQL down are mended by the inventory, its files too', async () => {
  lab.set({});
  expectExit(await provision(), 0);
  expectExit(await on('edit-config', '-y', '-s', 'postgresql.parameters.shared_buffers=4TB'), 0);
  const leader = await leaderOf(lab.inventory);
  const down = nodes.find((node) => node !== leader) ?? '';
  await lab.on(down, 'systemctl restart patroni');
  const stateOf = async (name: string) =>
    (await statusOf(lab.inventory)).members.find((member) => member.name === name)?.state;
  await expect.poll(() => stateOf(down), { timeout: 60_000 }).toBe('start failed');
  lab.set({ postgres_hba_extra: ['host app app 10.0.0.0/8 scram-sha-256'] });
  const run = await provision();
  expectExit(run, 0);
  // Patroni tries again and again.
  expect(
    linesOf(run, 'warning')
      .map(({ message }) => message)
      .join('\n'),
  ).toMatch(
    new RegExp(
      `^${down} is not well after "Patroni": it is (start failed|starting|stopped), lag unknown; nor was it before$`,
      'm',
    ),
  );
  // Before 3.0.4 Patroni knows no more of a replica than that it runs.
  await expect.poll(() => stateOf(down), { timeout: 30_000 }).toMatch(/^(running|streaming)$/);
  expectExit(await on('verify'), 0);
});
