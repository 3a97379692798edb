import { describe, expect, test } from 'vitest';
import type { SqlAnswer } from '../../../src/clients/sql.ts';
import { guideOf } from '../../../src/cluster/guide.ts';
import type { Rolling } from '../../../src/config/playbook/model.ts';
import { AskedCluster, names } from '../components/asked-cluster.ts';

describe('the guide', () => {
  const rolling: Rolling = { order: 'leader-last', gate: 'patroni', pause: 0 };
  const setting = (value: string) => ({
    name: 'max_connections',
    own: 'max_connections',
    setting: value,
    unit: null,
    vartype: 'integer',
    context: 'postmaster',
    min_val: '1',
    max_val: '262143',
    enumvals: null,
    fallback: null,
    written: true,
    known: [],
  });
  const running = (value: string): SqlAnswer => ({ answered: true, rows: [setting(value)] });
  const none: SqlAnswer = { answered: false, reason: 'starting up' };

  test.each<[string, (cluster: AskedCluster) => void, string[]]>([
    ['the leader last', () => undefined, ['n2', 'n3', 'n1']],
    ['also where a value goes up', (cluster) => (cluster.settings = running('50')), ['n2', 'n3', 'n1']],
    ['but first where one goes down', (cluster) => (cluster.settings = running('200')), ['n1', 'n2', 'n3']],
    [
      'last where its own goes up, though another’s goes down',
      (cluster) => {
        cluster.settings = running('200');
        cluster.settingsOn = { n1: running('50') };
      },
      ['n2', 'n3', 'n1'],
    ],
    ['last where nobody says', (cluster) => (cluster.settings = none), ['n2', 'n3', 'n1']],
    [
      'first where one goes down, by the word of who answers',
      (cluster) => {
        cluster.settings = running('200');
        cluster.settingsOn = { n1: none };
      },
      ['n1', 'n2', 'n3'],
    ],
    ['as they are where nobody leads', ({ patroni }) => Reflect.deleteProperty(patroni, 'n1'), names],
    ['as they are while there is no cluster', ({ silent }) => names.forEach((n) => silent.add(n)), names],
  ])('takes hosts with %s', async (_, spoil, order) => {
    const cluster = new AskedCluster();
    spoil(cluster);
    expect(await guideOf(cluster.fleet, cluster.topology).order(rolling, names)).toEqual(order);
  });

  test.each<[string, (cluster: AskedCluster) => void, string[]]>([
    [
      'etcd’s leader last, whoever leads the database',
      (cluster) => (cluster.etcdLeader = 2),
      ['n1', 'n3', 'n2'],
    ],
    [
      'it last by the word of who answers',
      (cluster) => (cluster.etcd = { n1: null, n2: true, n3: true }),
      ['n2', 'n3', 'n1'],
    ],
    ['them as they are where nobody leads', (cluster) => (cluster.etcdLeader = 0), ['n1', 'n2', 'n3']],
    [
      'it last also while a parameter of the database goes down',
      (cluster) => (cluster.settings = running('200')),
      ['n2', 'n3', 'n1'],
    ],
  ])('takes members of etcd with %s', async (_, spoil, order) => {
    const cluster = new AskedCluster();
    spoil(cluster);
    const guide = guideOf(cluster.fleet, cluster.topology);
    expect(await guide.order({ ...rolling, gate: 'etcd' }, names)).toEqual(order);
  });

  test('takes those that are to join last: the leader must have let them in before', async () => {
    const cluster = new AskedCluster();
    const guide = guideOf(cluster.fleet, cluster.topology);
    expect(await guide.order(rolling, ['n4', ...names])).toEqual(['n2', 'n3', 'n1', 'n4']);
  });

  test('takes them as they are where the inventory’s order is asked for, or the leader is not among them', async () => {
    const { fleet, topology } = new AskedCluster();
    const guide = guideOf(fleet, topology);
    expect(await guide.order({ ...rolling, order: 'inventory' }, names)).toEqual(names);
    expect(await guide.order(rolling, ['n3', 'n2'])).toEqual(['n3', 'n2']);
  });

  test('ahead of changes it goes by the members, and not by settings that may be among them', async () => {
    const cluster = new AskedCluster();
    cluster.config = { synchronous_mode: true };
    const guide = guideOf(cluster.fleet, cluster.topology);
    const ask = (ahead: boolean) => guide.refusal({ ...rolling, gate: 'patroni' }, 'n2', ahead);
    expect([await ask(false), await ask(true)]).toEqual(['there is no synchronous standby', undefined]);
    cluster.patroni['n1'] = { role: 'leader', state: 'stopped' };
    expect(await ask(true)).toBe('n1 is stopped, lag unknown');
  });

  test('asks the gate that the play names', async () => {
    const cluster = new AskedCluster();
    cluster.etcd['n3'] = false;
    cluster.patroni['n1'] = { role: 'leader', state: 'stopped' };
    const guide = guideOf(cluster.fleet, cluster.topology);
    const refusals = (['etcd', 'patroni', 'haproxy'] as const).map((gate) =>
      guide.refusal({ ...rolling, gate }, 'n2', false),
    );
    expect(await Promise.all(refusals)).toEqual([
      'the etcd member n3 is not healthy',
      'n1 is stopped, lag unknown',
      undefined,
    ]);
    expect(await guide.missing({ ...rolling, gate: 'etcd' }, 'n3')).toBe('etcd on n3 is not healthy');
  });
});
