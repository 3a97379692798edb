import { describe, expect, test } from 'vitest';
import { patroni } from '../../../../src/components/patroni/index.ts';
import { faultsAfter, names, SeenCluster, topology } from '../seen-cluster.ts';
import { diskWith } from '../support.ts';

describe('the probes show', () => {
  test.each<[string, (cluster: SeenCluster) => void, string[]]>([
    [
      'no leader',
      (cluster) => Object.assign(cluster.of('patroni', 'n1'), { leader: 503, primary: 503, replica: 503 }),
      ['fail leader (demo): 0 leaders', 'warn history (demo): not known of demo'],
    ],
    [
      'disks without bytes or inodes',
      (cluster) => {
        cluster.of('patroni', 'n1').disks = [diskWith(1.2, '/data'), diskWith(50, '/wal')];
        cluster.of('patroni', 'n2').disks = [{ ...diskWith(50), inodes: 1000, freeInodes: 0 }];
      },
      [
        'fail disk of PostgreSQL (n1): 1.2 % (12.0 MiB)',
        'fail disk of PostgreSQL (n2): 50 % (500.0 MiB), 0.0 % of inodes',
      ],
    ],
    [
      'two leaders',
      (cluster) => Object.assign(cluster.of('patroni', 'n2'), { leader: 200, primary: 200, replica: 503 }),
      [
        'fail leader (n1): 2 leaders: n1 (timeline 3, with the leader’s lock) and n2 (timeline 3, with the leader’s lock) both take writes',
      ],
    ],
    [
      'one that takes writes without the lock',
      (cluster) => Object.assign(cluster.of('patroni', 'n2').member ?? {}, { role: 'master' }),
      [
        'fail leader (n1): 2 leaders: n1 (timeline 3, with the leader’s lock) and n2 (timeline 3, without it) both take writes',
      ],
    ],
    [
      'members that are each other’s hosts',
      (cluster) => {
        const listed = cluster.of('patroni', 'n1').cluster?.members ?? [];
        listed.forEach((member, index) =>
          Object.assign(member, { host: `10.0.0.${[1, 3, 2][index] ?? ''}` }),
        );
      },
      ['fail members (demo): n1, n2 at 10.0.0.3, n3 at 10.0.0.2'],
    ],
    [
      'data that is not the leader’s',
      (cluster) =>
        Object.assign(cluster.of('patroni', 'n2'), { history: [{ timeline: 3, parent: 1, at: 4096 }] }),
      [
        'fail history (n2): timeline 3 from 0/1000, the leader timeline 3 from 0/1388: drover reinit n2 clones it again',
      ],
    ],
    [
      'data that nobody can look at',
      (cluster) => Object.assign(cluster.of('patroni', 'n2'), { history: undefined }),
      ['warn history (demo): not known of n2'],
    ],
    [
      'a leader that does not take writes yet',
      (cluster) => Object.assign(cluster.of('patroni', 'n1').member ?? {}, { role: 'replica' }),
      ['fail role (n1): /primary 200, role replica'],
    ],
    [
      'a silent node',
      (cluster) =>
        Object.assign(cluster.of('patroni', 'n3'), {
          member: undefined,
          leader: undefined,
          primary: undefined,
          replica: undefined,
          silence: 'connection refused',
        }),
      [
        'fail role (n3): /replica silent, /primary silent',
        'fail Patroni (n3): connection refused',
        'fail HAProxy reads (proxy): up: n2, n3, without an answer from n3',
      ],
    ],
    [
      'what waits, is paused, or has lost its watchdog',
      (cluster) =>
        Object.assign(cluster.of('patroni', 'n2').member ?? {}, {
          pending_restart: true,
          pause: true,
          watchdog_failed: true,
        }),
      ['fail Patroni (n2): running, waits for a restart, paused, watchdog failed'],
    ],
    [
      'a Patroni that takes the leader key from its successor',
      (cluster) => Object.assign(cluster.of('patroni', 'n3').member?.patroni ?? {}, { version: '3.0.2' }),
      [
        'warn leader key (demo): Patroni 3.0.2: taken from the successor by a leader that was frozen or cut off; acknowledged rows are lost; see patroni_repository',
      ],
    ],
    [
      'another cluster’s node, on another timeline',
      (cluster) =>
        Object.assign(cluster.of('patroni', 'n2').member ?? {}, {
          database_system_identifier: '1',
          timeline: 2,
        }),
      [
        'fail system identifier (demo): 7300 on n1, n3; 1 on n2',
        'fail timeline (demo): 3 on n1, n3; 2 on n2',
      ],
    ],
    [
      'members that do not tell which database they have',
      (cluster) => {
        for (const name of names)
          Object.assign(cluster.of('patroni', name).member ?? {}, { database_system_identifier: undefined });
      },
      ['fail system identifier (demo): not known on n1, n2, n3'],
    ],
    [
      'a member that the inventory does not have',
      (cluster) => {
        const all = cluster.of('patroni', 'n1').cluster;
        if (all) (all.members as unknown[]).push({ name: 'old', role: 'replica', state: 'running' });
      },
      ['fail members (demo): n1, n2, n3, old'],
    ],
    [
      'a DCS that was changed by hand',
      (cluster) => (cluster.of('patroni', 'n1').config = { ttl: 60 }),
      ['fail DCS configuration (demo): ttl is 60, postgresql.parameters.max_connections is not set'],
    ],
  ])('%s', (_, spoil, faults) => {
    expect(faultsAfter(spoil)).toEqual(faults);
  });

  test('nothing is expected of roles where nobody leads, or several do', () => {
    const roles = ['role', 'HAProxy writes', 'HAProxy reads', 'watchdog', 'etcd leader’s host'];
    const told = (spoil: (cluster: SeenCluster) => void) => {
      const cluster = new SeenCluster();
      spoil(cluster);
      return cluster.rows().filter(({ probe }) => roles.includes(probe));
    };
    expect(told(() => undefined)).not.toEqual([]);
    expect(told((cluster) => Object.assign(cluster.of('patroni', 'n1'), { leader: 503 }))).toEqual([]);
    expect(told((cluster) => Object.assign(cluster.of('patroni', 'n2'), { leader: 200 }))).toEqual([]);
  });

  test('a node that is not to serve reads is expected to refuse them', () => {
    const settings = { ...topology.of(patroni).settings, noLoadBalance: new Set(['n3']) };
    const spared = topology.with(patroni, { settings });
    const refuses = (cluster: SeenCluster) => {
      cluster.of('patroni', 'n3').replica = 503;
      const server = cluster
        .of('haproxy', 'proxy')
        .servers.find((one) => one.proxy === 'standbys' && one.server === 'n3');
      Object.assign(server ?? {}, { status: 'DOWN' });
    };
    expect(faultsAfter(refuses, spared)).toEqual([]);
    expect(faultsAfter(() => undefined, spared)).toEqual([
      'fail role (n3): /replica 200, /primary 503',
      'fail HAProxy reads (proxy): up: n2, n3',
    ]);
  });
});
