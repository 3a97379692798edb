import { describe, expect, test } from 'vitest';
import { clusterStatus, statusJson } from '../../../src/cluster/status.ts';
import { formatStatus } from '../../../src/output/status-text.ts';
import { painter } from '../../../src/output/style.ts';
import { SeenCluster, topology } from '../components/seen-cluster.ts';
import { diskWith } from '../components/support.ts';

const at = new Date('2026-11-29T00:41:03.250Z');
const statusOf = (cluster: SeenCluster) => clusterStatus(topology, cluster.snapshot, at);
const show = (cluster: SeenCluster) =>
  formatStatus(statusOf(cluster), painter(false))
    .split('\n')
    .map((line) => line.replace(/(?<=\S) {2,}/g, ' | '));
const silence = { member: undefined, leader: undefined, dcsAge: undefined, silence: 'connection refused' };

describe('status', () => {
  test('shows the cluster in the terms of patronictl list', () => {
    expect(show(new SeenCluster())).toEqual([
      'demo (7300), 2026-11-29 00:41:03 UTC',
      'member | address | role | state | timeline | lag | disk free',
      'n1 | 10.0.0.1 | leader | running | 3 | 43 %',
      'n2 | 10.0.0.2 | replica | streaming | 3 | 0 B | 43 %',
      'n3 | 10.0.0.3 | replica | streaming | 3 | 1.5 MiB | 43 %',
      '',
      'etcd | address | role | version | size | disk free',
      'n1 | 10.0.0.1 | follower | 3.4.23 | 1.0 MiB | 43 %',
      'n2 | 10.0.0.2 | leader | 3.4.23 | 1.0 MiB | 43 %',
      'n3 | 10.0.0.3 | follower | 3.4.23 | 1.0 MiB | 43 %',
      '',
      'HAProxy | address | writes to | reads from',
      'proxy | 10.0.0.9 | n1 | n2, n3',
      '',
      'whole: 7 of 7 services answered',
    ]);
  });

  test('shows what is silent, paused and pending', () => {
    const cluster = new SeenCluster();
    Object.assign(cluster.of('patroni', 'n3'), silence);
    Object.assign(cluster.of('patroni', 'n2').member ?? {}, { pending_restart: true });
    Object.assign(cluster.of('patroni', 'n1').cluster ?? {}, { pause: true });
    Object.assign(cluster.of('etcd', 'n3'), { status: undefined });
    const lines = show(cluster);
    expect(lines[0]).toBe('demo (7300), 2026-11-29 00:41:03 UTC, paused');
    expect(lines[3]).toBe('n2 | 10.0.0.2 | replica | streaming | 3 | 0 B | 43 % | waits for a restart');
    expect(lines[4]).toBe(
      'n3 | 10.0.0.3 | ? | does not answer | ? | ? | 43 % | connection refused, the DCS lists it as replica, streaming: up to 30 s after its last word',
    );
    expect(lines[9]).toBe('n3 | 10.0.0.3 | ? | ? | ? | 43 %');
    expect(lines.slice(-2)).toEqual([
      'not whole: 5 of 7 services answered',
      '  n3: Patroni does not answer, etcd does not answer',
    ]);
  });

  test('is not whole with a full disk', () => {
    const cluster = new SeenCluster();
    cluster.of('patroni', 'n1').disks = [diskWith(43), diskWith(1.2, '/data')];
    cluster.of('patroni', 'n2').disks = [diskWith(7)];
    cluster.of('patroni', 'n3').disks = [];
    cluster.of('etcd', 'n3').disks = [diskWith(0.5, '/etcd')];
    const lines = show(cluster);
    expect(lines[2]).toBe('n1 | 10.0.0.1 | leader | running | 3 | 1.2 %');
    expect(lines[3]).toBe('n2 | 10.0.0.2 | replica | streaming | 3 | 0 B | 7 %');
    expect(lines[4]).toBe('n3 | 10.0.0.3 | replica | streaming | 3 | 1.5 MiB | ?');
    expect(lines.slice(-3)).toEqual([
      'not whole: 7 of 7 services answered',
      '  n1: the disk of PostgreSQL is full: 1.2 % (12.0 MiB) of /data free',
      '  n3: the disk of etcd is full: 0.5 % (5.0 MiB) of /etcd free',
    ]);
  });

  test('shows a switchover that is scheduled', () => {
    const cluster = new SeenCluster();
    const then = '2040-01-01T09:00:00+00:00';
    const scheduled = { scheduled_switchover: { at: then, from: 'n1' } };
    Object.assign(cluster.of('patroni', 'n1').cluster ?? {}, scheduled);
    expect(show(cluster)[0]).toBe(
      `demo (7300), 2026-11-29 00:41:03 UTC, a switchover is scheduled for ${then}`,
    );
    expect(statusJson(statusOf(cluster))).toMatchObject({ scheduled: { at: then, to: null } });
  });

  test('never shows a leader that is gone as running', () => {
    const cluster = new SeenCluster();
    Object.assign(cluster.of('patroni', 'n1'), silence);
    expect(show(cluster)[2]).toBe(
      'n1 | 10.0.0.1 | ? | does not answer | ? | ? | 43 % | connection refused, the DCS lists it as leader, running: up to 30 s after its last word',
    );
  });

  test('gives programs each component’s rows under its key, in types that stay', () => {
    const json = statusJson(statusOf(new SeenCluster()));
    expect(json).toEqual({
      cluster: 'demo',
      identifier: '7300',
      at: '2026-11-29T00:41:03.250Z',
      paused: false,
      scheduled: null,
      asked: 7,
      answered: 7,
      whole: true,
      problems: [],
      members: expect.arrayContaining([
        {
          name: 'n1',
          address: '10.0.0.1',
          role: 'leader',
          state: 'running',
          streaming: null,
          timeline: 3,
          lag: null,
          pendingRestart: false,
          dcsAge: 3,
          dcsRole: 'leader',
          dcsState: 'running',
          diskFree: 43,
          more: [],
        },
        expect.objectContaining({ name: 'n3', role: 'replica', streaming: true, lag: 1_572_864 }),
      ]) as unknown,
      etcd: expect.arrayContaining([
        {
          name: 'n2',
          address: '10.0.0.2',
          role: 'leader',
          version: '3.4.23',
          size: 1_048_576,
          alarms: [],
          diskFree: 43,
        },
      ]) as unknown,
      haproxy: [{ name: 'proxy', address: '10.0.0.9', writes: ['n1'], reads: ['n2', 'n3'], problem: null }],
    });
  });

  test('gives programs null for what nobody tells', () => {
    const cluster = new SeenCluster();
    for (const name of ['n1', 'n2', 'n3']) {
      Object.assign(cluster.of('patroni', name), { ...silence, cluster: undefined });
      Object.assign(cluster.of('etcd', name), { status: undefined, view: undefined, alarms: undefined });
    }
    Object.assign(cluster.of('haproxy', 'proxy'), { servers: [], problem: 'no socket' });
    const unknown = { role: null, state: null, streaming: null, timeline: null, lag: null };
    expect(statusJson(statusOf(cluster))).toMatchObject({
      identifier: null,
      paused: null,
      whole: false,
      answered: 0,
      members: [{ ...unknown, pendingRestart: null, dcsAge: null, dcsRole: null, dcsState: null }, {}, {}],
      etcd: [{ role: null, version: null, size: null, alarms: null }, {}, {}],
      haproxy: [{ writes: null, reads: null, problem: 'no socket' }],
    });
  });
});

describe('the cluster is whole unless', () => {
  const problemsAfter = (spoil: (cluster: SeenCluster) => void) => {
    const cluster = new SeenCluster();
    spoil(cluster);
    const { whole, problems } = statusOf(cluster);
    expect(whole).toBe(problems.length === 0);
    return problems.map(({ where, what }) => `${where}: ${what}`);
  };
  const patch = (found: object | undefined, differs: object) => Object.assign(found ?? {}, differs);

  test.each<[string, (cluster: SeenCluster) => void, string[]]>([
    ['nothing is wrong with it', () => undefined, []],
    ['it is paused', (cluster) => patch(cluster.of('patroni', 'n1').cluster, { pause: true }), []],
    [
      'a restart is pending',
      (cluster) => patch(cluster.of('patroni', 'n2').member, { pending_restart: true }),
      [],
    ],
    [
      'two lead',
      (cluster) => {
        patch(cluster.of('patroni', 'n3'), { leader: 200 });
        patch(cluster.of('patroni', 'n3').member, { role: 'master' });
      },
      [
        'demo: n1 (timeline 3, with the leader’s lock) and n3 (timeline 3, with the leader’s lock) both take writes',
      ],
    ],
    [
      'another takes writes',
      (cluster) => patch(cluster.of('patroni', 'n3').member, { role: 'primary' }),
      ['demo: n1 (timeline 3, with the leader’s lock) and n3 (timeline 3, without it) both take writes'],
    ],
    [
      'the leader has lost its lock',
      (cluster) => patch(cluster.of('patroni', 'n1'), { leader: 503 }),
      [
        'demo: nobody leads',
        'n1: PostgreSQL takes writes without the leader’s lock',
        'proxy: HAProxy sends writes to n1',
        'proxy: HAProxy sends no reads to n1',
      ],
    ],
    [
      'nobody leads',
      (cluster) => {
        patch(cluster.of('patroni', 'n1'), { leader: 503 });
        patch(cluster.of('patroni', 'n1').member, { role: 'replica' });
      },
      ['demo: nobody leads', 'proxy: HAProxy sends writes to n1', 'proxy: HAProxy sends no reads to n1'],
    ],
    [
      'the leader does not answer',
      (cluster) => patch(cluster.of('patroni', 'n1'), silence),
      [
        'n1: Patroni does not answer',
        'demo: nobody who answers leads',
        'proxy: HAProxy sends writes to n1',
        'proxy: HAProxy sends no reads to n1',
      ],
    ],
    [
      'a member is lost',
      (cluster) => patch(cluster.of('patroni', 'n3'), silence),
      ['n3: Patroni does not answer'],
    ],
    [
      'PostgreSQL does not run',
      (cluster) => patch(cluster.of('patroni', 'n3').member, { state: 'start failed' }),
      ['n3: PostgreSQL does not run: start failed'],
    ],
    [
      'a replica does not stream',
      (cluster) => patch(cluster.of('patroni', 'n1').member, { replication: [] }),
      ['n2: does not stream from n1', 'n3: does not stream from n1'],
    ],
    [
      'a replica’s data is not the leader’s',
      (cluster) =>
        Object.assign(cluster.of('patroni', 'n2'), { history: [{ timeline: 3, parent: 1, at: 4096 }] }),
      [
        'n2: does not share the leader’s history: timeline 3 from 0/1000, the leader timeline 3 from 0/1388; drover reinit n2 clones it again',
      ],
    ],
    [
      'a replica is on another timeline',
      (cluster) => patch(cluster.of('patroni', 'n2').member, { timeline: 2 }),
      ['n2: is on timeline 2, and n1 on 3'],
    ],
    [
      'a member cannot reach the DCS',
      (cluster) => patch(cluster.of('patroni', 'n2'), { dcsAge: 31 }),
      ['n2: Patroni has not reached the DCS for 31 s'],
    ],
    [
      'a member has another database',
      (cluster) => patch(cluster.of('patroni', 'n2').member, { database_system_identifier: '7301' }),
      ['demo: members have 2 different databases: 7300, 7301'],
    ],
    [
      'a watchdog failed',
      (cluster) => patch(cluster.of('patroni', 'n1').member, { watchdog_failed: true }),
      ['n1: the watchdog failed'],
    ],
    [
      'one etcd of three is silent',
      (cluster) => patch(cluster.of('etcd', 'n2'), { status: undefined, view: undefined, alarms: undefined }),
      ['n2: etcd does not answer'],
    ],
    [
      'an etcd member knows no leader',
      (cluster) => patch(cluster.of('etcd', 'n1').status, { leaderId: '0' }),
      ['n1: etcd knows no leader'],
    ],
    [
      'etcd has two leaders',
      (cluster) => patch(cluster.of('etcd', 'n1').status, { leaderId: '1' }),
      ['demo: etcd’s members follow 2 leaders'],
    ],
    [
      'etcd is full',
      (cluster) => patch(cluster.of('etcd', 'n1'), { alarms: [{ memberId: '1', alarm: 'NOSPACE' }] }),
      [
        'n1: etcd raised NOSPACE: its quota is full and it takes no writes, so nobody can take the lead: compact, defragment, disarm (docs/operations.md)',
      ],
    ],
    [
      'HAProxy is down',
      (cluster) => patch(cluster.of('haproxy', 'proxy'), { servers: [], problem: 'no socket' }),
      ['proxy: HAProxy does not answer'],
    ],
    [
      'HAProxy knows no server',
      (cluster) =>
        cluster.of('haproxy', 'proxy').servers.forEach((server) => patch(server, { status: 'DOWN' })),
      ['proxy: HAProxy sends writes to nobody', 'proxy: HAProxy sends no reads to n2, n3'],
    ],
  ])('%s', (_, spoil, problems) => {
    expect(problemsAfter(spoil)).toEqual(problems);
  });
});
