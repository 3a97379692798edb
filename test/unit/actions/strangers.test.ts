import { describe, expect, it } from 'vitest';
import { addsVoter, findStrangers, type Asked } from '../../../src/actions/strangers.ts';
import { memberListRequest, prefixRequest } from '../../../src/clients/etcd.ts';
import type { Settled } from '../../../src/engine/tasks/outcome.ts';
import { stepsFor } from '../../../src/modules/etcd-member/steps.ts';
import { EtcdMemberParams } from '../../../src/modules/etcd-member/schema.ts';

const nodes = ['node1', 'node2', 'node3'];
const addressOf = (name: string) => `10.0.0.${name.slice(-1)}`;

/** What the tasks of three planned hosts have asked, of a cluster with these members. */
function askedOf(voters: readonly string[], databases: readonly string[], leader = 'node1'): Asked[] {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const keys = [
    ...databases.map((name) => ({ key: encode(`/service/c/members/${name}`), value: encode('{}') })),
    { key: encode('/service/c/leader'), value: encode(leader) },
  ];
  const members = voters.map((name) => ({
    ID: `1${name.slice(-1)}`,
    name: name.startsWith('node') ? name : '',
    peerURLs: [`http://${addressOf(name)}:2380`],
  }));
  const answer = (body: unknown) => ({ answered: true as const, status: 200, body: JSON.stringify(body) });
  return nodes.flatMap((name) => {
    const endpoint = { address: addressOf(name), port: 2379 };
    return [
      { request: memberListRequest(endpoint), answer: answer({ header: { cluster_id: '7' }, members }) },
      { request: prefixRequest(endpoint, '/service/c/'), answer: answer({ kvs: keys }) },
    ];
  });
}

const found = (asked: readonly Asked[]) => findStrangers(asked, new Set(nodes));

describe('members that the inventory does not name', () => {
  it('are none while all are named', () => {
    expect(found(askedOf(nodes, nodes))).toEqual([]);
    expect(found([])).toEqual([]);
  });

  it('are known by etcd’s list and by Patroni’s keys', () => {
    expect(found(askedOf([...nodes, 'node4'], [...nodes, 'node4', 'node5']))).toEqual([
      { name: 'node4', inEtcd: true, inPatroni: true, leads: false },
      { name: 'node5', inEtcd: false, inPatroni: true, leads: false },
    ]);
  });

  it('may lead', () => {
    expect(found(askedOf(nodes, [...nodes, 'node4'], 'node4'))).toMatchObject([
      { name: 'node4', leads: true },
    ]);
  });

  it('go by their address while they have not started', () => {
    expect(found(askedOf([...nodes, 'new9'], nodes))).toMatchObject([{ name: 'http://10.0.0.9:2380' }]);
  });

  it('cannot be known where etcd does not answer', () => {
    const silent = askedOf([...nodes, 'node4'], nodes).map(({ request }) => ({
      request,
      answer: { answered: false as const, reason: 'refused' },
    }));
    expect(found(silent)).toEqual([]);
  });
});

describe('a task makes etcd larger', () => {
  const member = { name: 'node4', address: '10.0.0.4' };
  const params = EtcdMemberParams.parse({ name: 'node4', members: [member], data_dir: '/var/lib/etcd' });
  const step = stepsFor({ view: { clusterId: 'c', members: [] }, member }, params);
  const settled = (name: string, changes: readonly unknown[]) =>
    ({ instance: { task: { module: { name } } }, outcome: { changes } }) as unknown as Settled;

  it.each([
    ['bootstrap', true],
    ['add', true],
    ['join', false],
    ['promote', false],
    ['remove', false],
    ['record', false],
  ] as const)('by the step %s: %s', (name, grows) => {
    expect(addsVoter(settled('etcd_member', [step(name)]))).toBe(grows);
  });

  it('only by its own module, whatever another says of its change', () => {
    const change = { action: 'create', resource: 'etcd member node4' };
    expect(addsVoter(settled('command', [change]))).toBe(false);
    expect(addsVoter(settled('etcd_member', []))).toBe(false);
  });
});
