import type { Seen } from '../look.ts';
import { count } from '../../core/count.ts';
import { expectSame, row, type ProbeRow } from '../probe-row.ts';
import type { EtcdSettings } from './settings.ts';
import { etcdLeaderOf, type EtcdState } from './state.ts';

/** etcd: every member there and healthy, one leader, room to write, and not led from the database leader's host. */
export function probeEtcd({
  hosts,
  settings,
  states,
  leaders: databases,
  cluster,
}: Seen<EtcdSettings, EtcdState>): ProbeRow[] {
  const statuses = hosts.map(({ name }) => ({ name, ...states.get(name) }));
  const answering = statuses.filter(({ status }) => status !== undefined);
  const leaders = new Set(answering.map(({ status }) => status?.leaderId ?? '0'));
  // A member that knows of no leader says 0.
  const known = [...leaders].filter((id) => id !== '0');
  const terms = new Set(answering.map(({ status }) => status?.term));
  const view = statuses.find((status) => status.view)?.view;
  const voters = view?.members.filter((member) => !member.isLearner && member.name !== '').length ?? 0;
  const leader = etcdLeaderOf(states);
  const [database] = databases;
  const elsewhere =
    database === undefined || leader === undefined || leader !== database || hosts.length === 1;
  return [
    ...statuses.map(({ name, status, alarms }) =>
      expectSame('etcd member', name, 'answers, no alarm', describeMember(status !== undefined, alarms)),
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
        : `${count(known.length, 'leader')}${known.length > 0 && known.length < leaders.size ? ', not known to all' : ''}, ${count(terms.size, 'term')}`,
      leaders.size === 1 && !leaders.has('0') && terms.size === 1,
    ),
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
    row(
      'etcd leader’s host',
      leader ?? cluster.name,
      'not the database leader’s',
      elsewhere ? (leader ?? 'not known') : `${leader}: a failover takes a time to live longer`,
      elsewhere ? 'pass' : 'warn',
    ),
    row(
      'etcd access',
      cluster.name,
      'authentication',
      'open: who reaches the client port owns the cluster',
      'warn',
    ),
  ];
}

function describeMember(answers: boolean, alarms: readonly string[] | undefined): string {
  if (!answers) return 'does not answer';
  return alarms && alarms.length > 0 ? `alarm ${alarms.join(', ')}` : 'answers, no alarm';
}
