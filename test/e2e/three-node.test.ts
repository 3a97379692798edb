import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  drover,
  expectExit,
  linesOf,
  madeChanges,
  plannedChanges,
  recapOf,
  TestLab,
  threeNodes,
  type Outcome,
} from './harness.ts';

const lab = new TestLab();
const nodes = ['node1', 'node2', 'node3'];
const hosts = [...nodes, 'HAProxy-demo'];

const on = (...args: string[]) => drover(...args, '-i', lab.inventory, '--json');

beforeAll(() => lab.up(threeNodes));
afterAll(() => lab.down());

/** Every task of every host must end as the plan said; only what the plan deferred may end either way. */
function expectAsPlanned(plan: Outcome, run: Outcome): void {
  const key = (line: { host: string; taskId: number }) => `${line.host} task ${line.taskId}`;
  const ended = new Map(linesOf(run, 'task').map((line) => [key(line), line]));
  const planned = linesOf(plan, 'plan');
  expect(new Set(planned.map(key))).toEqual(new Set(ended.keys()));
  const deferred = new Set(planned.filter((line) => line.status === 'deferred').map(key));
  for (const line of planned.filter((item) => !deferred.has(key(item)))) {
    expect(`${key(line)} ${line.task}: ${ended.get(key(line))?.status ?? 'missing'}`).toBe(
      `${key(line)} ${line.task}: ${line.status}`,
    );
  }
  const foreseen = linesOf(run, 'change').filter((line) => !deferred.has(key(line)));
  const byHost = (changes: readonly string[]) => [...changes].sort();
  expect(
    byHost(foreseen.map((line) => `${line.host}: ${line.change.action} ${line.change.resource}`)),
  ).toEqual(byHost(plannedChanges(plan)));
  // What was deferred says what it aims at and why it can't be known.
  for (const line of planned.filter((item) => deferred.has(key(item)))) {
    expect(line.aim ?? '', key(line)).not.toBe('');
    expect(line.reason ?? '', key(line)).not.toBe('');
  }
}

describe('three nodes from bare machines', () => {
  it('does what plan printed, and ends in a verified cluster', async () => {
    const plan = await on('plan');
    expectExit(plan, 2);
    // A plan writes nothing: no passwords here, nothing there.
    expect(existsSync(join(dirname(lab.inventory), 'secrets.yml'))).toBe(false);
    expect(await lab.on('node1', 'ls -A /var/lib/drover /run/drover 2>/dev/null | wc -l')).toBe('0');

    const run = await on('provision');
    expectExit(run, 0);
    expectAsPlanned(plan, run);
    expect(plannedChanges(run)).toEqual(plannedChanges(plan));
    expect(linesOf(run, 'probe').filter((line) => line.verdict === 'fail')).toEqual([]);
    expect(statSync(join(dirname(lab.inventory), 'secrets.yml')).mode & 0o777).toBe(0o600);
  });

  it('replicates a row written through the write port to every node', async () => {
    const password = await lab.on(
      'node1',
      'sed -n \'s/^ *password: "\\(.*\\)"$/\\1/p\' /etc/patroni/config.yml | sed -n 2p',
    );
    const psql = (port: number, sql: string) =>
      lab.on(
        'HAProxy-demo',
        `PGPASSWORD='${password}' psql -h $(hostname -I) -p ${port} -U postgres -Atc "${sql}"`,
      );
    await psql(5000, 'CREATE TABLE customer(name text, age integer)');
    await psql(5000, "INSERT INTO customer VALUES ('john', 30), ('dawson', 35)");
    for (const node of nodes) {
      await expect
        .poll(() => lab.on(node, 'runuser -u postgres -- psql -Atc "SELECT * FROM customer ORDER BY 1"'), {
          timeout: 10_000,
        })
        .toBe('dawson|35\njohn|30');
    }
    const reached = new Set<string>();
    for (let attempt = 0; attempt < 6; attempt++)
      reached.add(await psql(5001, 'SELECT pg_is_in_recovery(), inet_server_addr()'));
    expect([...reached].every((answer) => answer.startsWith('t|'))).toBe(true);
    expect(reached.size).toBe(2);
  });

  it('changes nothing on the second run, in one round trip a host', async () => {
    const again = await on('provision');
    expectExit(again, 0);
    for (const [host, recap] of Object.entries(recapOf(again))) {
      expect({ host, changed: recap.changed, roundTrips: recap.roundTrips }).toEqual({
        host,
        changed: 0,
        roundTrips: 1,
      });
    }
    expect(madeChanges(again)).toEqual([]);
    expectExit(await on('plan'), 0);
  });

  it('writes no secret anywhere but where it belongs', async () => {
    const config = await lab.on('node1', 'cat /etc/patroni/config.yml');
    const passwords = [...config.matchAll(/password: "(.+)"/g)].map((match) => match[1] ?? '');
    expect(passwords.length).toBe(3);
    const plan = await on('plan', '-D', '-e', 'patroni_tags={}');
    for (const password of passwords) {
      expect(plan.stdout + plan.stderr).not.toContain(password);
      for (const host of hosts) {
        const found = await lab.on(
          host,
          `journalctl --no-pager | grep -c -F '${password}' || true; grep -rlF '${password}' /etc /var/lib/drover /run/drover /tmp 2>/dev/null | grep -v '^/etc/patroni/config.yml$' || true`,
        );
        expect({ host, found }).toEqual({ host, found: '0' });
      }
    }
  });
});

interface Drift {
  readonly what: string;
  readonly host: string;
  /** Done by hand on the host. */
  readonly by: string;
  readonly plan: readonly string[];
}

const drifts: readonly Drift[] = [
  {
    what: 'an edited /etc/hosts',
    host: 'node3',
    by: 'sed -i /node1/d /etc/hosts',
    plan: ['update /etc/hosts'],
  },
  {
    what: 'a lost etcd configuration',
    host: 'node2',
    by: 'rm /etc/default/etcd',
    plan: ['create /etc/default/etcd', 'restart etcd.service'],
  },
  {
    what: 'an edited membership file, which etcd never reads again',
    host: 'node1',
    by: 'echo "# note" >> /etc/default/etcd-initial',
    plan: ['update /etc/default/etcd-initial'],
  },
  {
    what: 'an edited unit',
    host: 'node3',
    by: 'echo "Environment=A=b" >> /etc/systemd/system/etcd.service.d/drover.conf; systemctl daemon-reload',
    plan: ['update /etc/systemd/system/etcd.service.d/drover.conf', 'restart etcd.service'],
  },
  { what: 'a stopped etcd', host: 'node2', by: 'systemctl stop etcd', plan: ['start etcd.service'] },
  { what: 'a disabled etcd', host: 'node2', by: 'systemctl disable -q etcd', plan: ['enable etcd.service'] },
  {
    what: 'an edited and opened Patroni configuration',
    host: 'node2',
    by: 'echo "# note" >> /etc/patroni/config.yml; chmod 644 /etc/patroni/config.yml',
    plan: ['update /etc/patroni/config.yml', 'reload patroni.service'],
  },
  { what: 'a stopped replica', host: 'node3', by: 'systemctl stop patroni', plan: ['start patroni.service'] },
  {
    what: 'a lost udev rule',
    host: 'node1',
    by: 'rm /etc/udev/rules.d/61-watchdog.rules',
    plan: ['create /etc/udev/rules.d/61-watchdog.rules'],
  },
  {
    what: 'an edited HAProxy configuration',
    host: 'HAProxy-demo',
    by: 'sed -i s/5000/5002/ /etc/haproxy/haproxy.cfg; systemctl reload haproxy',
    plan: ['update /etc/haproxy/haproxy.cfg', 'reload haproxy.service'],
  },
  {
    what: 'a stopped HAProxy',
    host: 'HAProxy-demo',
    by: 'systemctl stop haproxy',
    plan: ['start haproxy.service'],
  },
  {
    what: 'a released package',
    host: 'node1',
    by: 'apt-mark unhold patroni >/dev/null',
    plan: ['set patroni'],
  },
  {
    what: 'settings changed past drover in the DCS',
    host: 'node1',
    by: 'runuser -u postgres -- patronictl -c /etc/patroni/config.yml edit-config -s ttl=40 --force >/dev/null',
    plan: ['set the cluster’s configuration'],
  },
  {
    what: 'a role that lost its attributes',
    host: 'node1',
    by: 'runuser -u postgres -- psql -qc "ALTER ROLE admin NOCREATEDB"',
    plan: ['update role admin'],
  },
];

describe('drift on a running cluster', () => {
  // One case's failure must not become the next one's drift.
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') expectExit(await on('provision', '-y'), 0);
  });

  it.each(drifts)(
    '$what: plan shows exactly that, provision mends exactly that',
    async ({ host, by, plan }) => {
      await lab.on(host, by);
      const wanted = plan.map((change) => `${host}: ${change}`);
      const planned = await on('plan');
      expectExit(planned, 2);
      expect(plannedChanges(planned)).toEqual(wanted);
      const mended = await on('provision', '-y');
      expectExit(mended, 0);
      expect(madeChanges(mended)).toEqual(wanted);
      expectAsPlanned(planned, mended);
      expectExit(await on('plan'), 0);
    },
  );

  it('mends a dropped package, and what depends on it once it is there', async () => {
    await lab.on('HAProxy-demo', 'apt-get -y -q purge --allow-change-held-packages haproxy >/dev/null 2>&1');
    const planned = await on('plan');
    expectExit(planned, 2);
    expect(plannedChanges(planned)).toEqual(['HAProxy-demo: install haproxy', 'HAProxy-demo: set haproxy']);
    const deferred = linesOf(planned, 'plan').filter((line) => line.status === 'deferred');
    expect(deferred.map((line) => `${line.host}: ${line.task}`)).toEqual([
      'HAProxy-demo: configuration',
      'HAProxy-demo: service',
    ]);
    const mended = await on('provision', '-y');
    expectExit(mended, 0);
    expectAsPlanned(planned, mended);
    expect(madeChanges(mended)).toEqual([
      'HAProxy-demo: install haproxy',
      'HAProxy-demo: set haproxy',
      'HAProxy-demo: update /etc/haproxy/haproxy.cfg',
      'HAProxy-demo: start haproxy.service',
    ]);
    expectExit(await on('plan'), 0);
  });

  it('asks before a restart of etcd, and without a terminal goes no further', async () => {
    await lab.on('node1', 'echo "# note" >> /etc/default/etcd');
    const refused = await on('provision');
    expectExit(refused, 64);
    expect(refused.stderr).toContain('restart etcd.service: interrupts etcd on this host');
    expect(madeChanges(refused)).toEqual([]);
    expectExit(await on('provision', '-y'), 0);
  });
});
