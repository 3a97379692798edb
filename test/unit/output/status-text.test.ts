import { describe, expect, test } from 'vitest';
import { clusterStatus, statusJson } from '../../../src/cluster/status.ts';
import { formatStatus } from '../../../src/output/status-text.ts';
import { painter } from '../../../src/output/style.ts';
import { SeenCluster, topology } from '../components/seen-cluster.ts';

describe('status', () => {
  const show = (cluster: SeenCluster) =>
    formatStatus(clusterStatus(topology, cluster.snapshot), painter(false))
      .split('\n')
      .map((line) => line.replace(/ {2,}/g, ' | '));

  test('shows the cluster in the terms of patronictl list', () => {
    expect(show(new SeenCluster())).toEqual([
      'demo (7300)',
      'member | address | role | state | timeline | lag',
      'n1 | 10.0.0.1 | leader | running | 3',
      'n2 | 10.0.0.2 | replica | running | 3 | 0',
      'n3 | 10.0.0.3 | replica | running | 3 | 1.5 MiB',
      '',
      'etcd | address | role | version | size',
      'n1 | 10.0.0.1 | follower | 3.4.23 | 1.0 MiB',
      'n2 | 10.0.0.2 | leader | 3.4.23 | 1.0 MiB',
      'n3 | 10.0.0.3 | follower | 3.4.23 | 1.0 MiB',
      '',
      'HAProxy | address | writes to | reads from',
      'proxy | 10.0.0.9 | n1 | n2 n3',
    ]);
  });

  test('shows what is silent, paused and pending', () => {
    const cluster = new SeenCluster();
    Object.assign(cluster.of('patroni', 'n3'), { member: undefined, leader: undefined, silence: 'refused' });
    Object.assign(cluster.of('patroni', 'n2').member ?? {}, { pending_restart: true });
    Object.assign(cluster.of('patroni', 'n1').cluster ?? {}, { pause: true });
    Object.assign(cluster.of('etcd', 'n3'), { status: undefined });
    const lines = show(cluster);
    expect(lines[0]).toBe('demo (7300), paused');
    expect(lines[3]).toBe('n2 | 10.0.0.2 | replica | running | 3 | 0 | waits for a restart');
    expect(lines[4]).toBe('n3 | 10.0.0.3 | replica | streaming | 3 | 1.5 MiB | refused');
    expect(lines[9]).toBe('n3 | 10.0.0.3 | silent | ? | ?');
  });

  test('shows a switchover that is scheduled', () => {
    const cluster = new SeenCluster();
    const at = '2040-01-01T09:00:00+00:00';
    Object.assign(cluster.of('patroni', 'n1').cluster ?? {}, { scheduled_switchover: { at, from: 'n1' } });
    expect(show(cluster)[0]).toBe(`demo (7300), a switchover is scheduled for ${at}`);
    expect(statusJson(clusterStatus(topology, cluster.snapshot))).toMatchObject({
      scheduled: { at, to: null },
    });
  });

  test('gives programs each component’s rows under its key', () => {
    expect(statusJson(clusterStatus(topology, new SeenCluster().snapshot))).toMatchObject({
      cluster: 'demo',
      identifier: '7300',
      paused: false,
      scheduled: null,
      members: expect.arrayContaining([
        {
          name: 'n1',
          address: '10.0.0.1',
          role: 'leader',
          state: 'running',
          timeline: '3',
          lag: '',
          more: '',
        },
      ]) as unknown,
      etcd: expect.arrayContaining([
        { name: 'n2', address: '10.0.0.2', role: 'leader', version: '3.4.23', size: '1.0 MiB' },
      ]) as unknown,
      haproxy: [{ name: 'proxy', address: '10.0.0.9', writes: 'n1', reads: 'n2 n3' }],
    });
  });
});
