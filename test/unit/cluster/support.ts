import type { PgSetting, PgSettings } from '../../../src/clients/pg-settings.ts';
import { timingOf } from '../../../src/components/patroni/timing.ts';
import { etcdSettings, haproxySettings, patroniSettings, topologyWith } from '../components/support.ts';
import type { ClusterView, EtcdMemberView, MemberView } from '../../../src/cluster/view.ts';
import { replica } from '../clients/patroni/support.ts';

export function member(name: string, differs: Partial<MemberView> = {}): MemberView {
  const own = { streaming: true, position: 1000, pendingRestart: false, paused: false, fullDisk: undefined };
  return { ...replica(name), ...own, started: '2030-01-01', ...differs };
}

export function etcdMember(name: string, differs: Partial<EtcdMemberView> = {}): EtcdMemberView {
  return { name, id: `id-${name}`, answers: true, follows: true, learner: false, alarms: [], ...differs };
}

/** A healthy cluster of three, led by node1, etcd led from node2. */
export function view(differs: Partial<ClusterView> = {}): ClusterView {
  const { etcd = [etcdMember('node1'), etcdMember('node2'), etcdMember('node3')] } = differs;
  return {
    cluster: 'c',
    members: [member('node1', { streaming: false, lag: undefined }), member('node2'), member('node3')],
    leader: 'node1',
    leaders: ['node1'],
    claims: [{ name: 'node1', locked: true, timeline: 1 }],
    past: undefined,
    paused: false,
    synchronous: false,
    strict: false,
    standby: false,
    scheduled: undefined,
    config: {},
    timing: timingOf({}),
    patroniVersion: '3.0.2',
    etcd,
    etcdLeader: 'node2',
    listed: {
      patroni: nodes.map(({ name, address }) => ({ name, address })),
      etcd: etcd.map(({ name, id = '', learner }, at) => ({
        id,
        name,
        peerUrls: [`http://10.0.0.${at + 1}:2380`],
        isLearner: learner,
      })),
    },
    writesTo: new Map([['lb', ['node1']]]),
    ...differs,
  };
}

/** The healthy cluster with some members changed. */
export function viewWith(
  changed: Readonly<Record<string, Partial<MemberView>>>,
  differs: Partial<ClusterView> = {},
) {
  const healthy = view(differs);
  return { ...healthy, members: healthy.members.map((one) => ({ ...one, ...changed[one.name] })) };
}

const nodes = ['node1', 'node2', 'node3'].map((name, index) => ({ name, address: `10.0.0.${index + 1}` }));

export const topology = topologyWith('c', {
  etcd: { hosts: nodes, settings: etcdSettings(2 ** 31) },
  patroni: {
    hosts: nodes,
    settings: patroniSettings({
      dcs: { ttl: 30, loop_wait: 10, retry_timeout: 10, postgresql: { parameters: {} } },
    }),
  },
  haproxy: {
    hosts: [{ name: 'lb', address: '10.0.0.9' }],
    settings: haproxySettings,
  },
  watchdog: { hosts: nodes, settings: { mode: 'automatic', margin: 5, timeout: 25 } },
});

/** What a plan refuses, message by message. */
export function refused({ refusals }: { refusals: readonly { message: string }[] }): string[] {
  return refusals.map(({ message }) => message);
}

export function stepsOf({ steps }: { steps: readonly { what: string }[] }): string[] {
  return steps.map(({ what }) => what);
}

/** Whole numbers as a running server shows them. */
export function settings(values: Readonly<Record<string, number>>): PgSettings {
  const one = (name: string, value: number): PgSetting => ({
    name,
    own: name,
    setting: String(value),
    unit: null,
    vartype: 'integer',
    context: 'postmaster',
    min_val: '0',
    max_val: '262143',
    enumvals: null,
    fallback: '100',
    written: true,
  });
  return {
    known: [],
    byName: new Map(Object.entries(values).map(([name, value]) => [name, one(name, value)])),
  };
}
