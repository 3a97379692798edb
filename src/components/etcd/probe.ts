import { describeAlarm } from '../../clients/etcd.ts';
import { probeDisks } from '../disk.ts';
import { soleLeader, type Seen } from '../look.ts';
import { count } from '../../core/count.ts';
import { row, type ProbeRow } from '../probe-row.ts';
import type { EtcdSettings } from './settings.ts';
import { alarmsOf, etcdLeaderOf, leaderIdsOf, type EtcdState } from './state.ts';

/** etcd: every member there and healthy, one leader, room to write, and not led from the database leader's host. */
export function probeEtcd(seen: Seen<EtcdSettings, EtcdState>): ProbeRow[] {
  const { hosts, settings, states, cluster } = seen;
  const statuses = hosts.map(({ name }) => ({ name, ...states.get(name), alarms: alarmsOf(states, name) }));
  const answering = statuses.filter(({ status }) => status !== undefined);
  const terms = new Set(answering.map(({ status }) => status?.term));
  const view = statuses.find((status) => status.view)?.view;
  const voters = view?.members.filter((member) => !member.isLearner && member.name !== '').length ?? 0;
  const leader = etcdLeaderOf(states);
  const database = soleLeader(seen);
  const known = leaderIdsOf(states);
  const lost = answering.filter(({ status }) => status?.leaderId === '0');
  return [
    ...statuses.map(({ name, status, alarms }) =>
      row(
        'etcd member',
        name,
        'answers, no alarm',
        status ? `${status.version}, ${describeAlarms(alarms)}` : 'does not answer',
        status !== undefined && alarms?.length === 0,
      ),
    ),
    row(
      'etcd membership',
      cluster.name,
      `${count(hosts.length, 'voter')}, no learner`,
      view
        ? `${count(voters, 'voter')}, ${view.members.length === voters ? 'no learner' : count(view.members.length - voters, 'other')}`
        : 'nobody answers',
      voters === hosts.length && view?.members.length === voters,
    ),
    row(
      'etcd leader',
      leader ?? cluster.name,
      'one leader, one term',
      answering.length === 0
        ? 'nobody answers'
        : [
            count(known.length, 'leader'),
            count(terms.size, 'term'),
            ...(lost.length === 0 ? [] : [`none known to ${lost.map(({ name }) => name).join(', ')}`]),
            ...(answering.length === hosts.length
              ? []
              : [`by ${answering.length} of ${hosts.length} members`]),
          ].join(', '),
      known.length === 1 && lost.length === 0 && terms.size === 1,
    ),
    ...statuses.flatMap(({ name, disks = [] }) => probeDisks('disk of etcd', name, disks, settings.disk)),
    ...statuses.flatMap(({ name, status }) => {
      if (!status) return [];
      const share = status.size / settings.quota;
      const found = `${Math.round(share * 100)} % of ${Math.round(settings.quota / 1024 ** 2)} MiB`;
      return [
        row(
          'etcd size',
          name,
          'well under the quota',
          found,
          share < 0.5 ? 'pass' : share < 0.8 ? 'warn' : 'fail',
        ),
      ];
    }),
    ...(leader === undefined || database === undefined
      ? []
      : [
          row(
            'etcd leader’s host',
            leader,
            hosts.length === 1 ? 'any, as there is one' : 'not the database leader’s',
            leader === database ? `${leader}: a failover takes a time to live longer` : leader,
            leader !== database || hosts.length === 1 ? 'pass' : 'warn',
          ),
        ]),
    row(
      'etcd access',
      cluster.name,
      'authentication',
      'open: who reaches the client port owns the cluster',
      'warn',
    ),
  ];
}

function describeAlarms(alarms: readonly string[] | undefined): string {
  if (!alarms) return 'alarms not known';
  return alarms.length > 0 ? alarms.map(describeAlarm).join(', ') : 'no alarm';
}
