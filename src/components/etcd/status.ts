import { describeAlarm } from '../../clients/etcd.ts';
import { showBytes } from '../../core/text.ts';
import { diskColumn, diskFreeOf, diskProblems } from '../disk.ts';
import { roleColumn, type StatusTable } from '../status-table.ts';
import type { EtcdSettings } from './settings.ts';
import { alarmsOf, etcdLeaderOf, leaderIdsOf, type EtcdState } from './state.ts';

export const status: StatusTable<EtcdSettings, EtcdState> = {
  key: 'etcd',
  title: 'etcd',
  columns: [
    roleColumn,
    { key: 'version', title: 'version' },
    {
      key: 'size',
      title: 'size',
      show: ({ size }) => (typeof size === 'number' ? showBytes(size) : '?'),
    },
    diskColumn,
  ],
  answers: ({ name }, { states }) => states.get(name)?.status !== undefined,
  cells({ name }, { states }) {
    const { status: found, disks = [] } = states.get(name) ?? {};
    const follows = found?.isLearner ? 'learner' : 'follower';
    return {
      role: found ? (etcdLeaderOf(states) === name ? 'leader' : follows) : null,
      version: found?.version ?? null,
      size: found?.size ?? null,
      alarms: alarmsOf(states, name) ?? null,
      diskFree: diskFreeOf(disks),
    };
  },
  problems({ hosts, states, cluster, settings }) {
    const answering = hosts.flatMap(({ name }) => {
      const state = states.get(name);
      return state?.status ? [{ name, status: state.status }] : [];
    });
    const leaders = leaderIdsOf(states);
    return [
      ...hosts.flatMap(({ name }) =>
        diskProblems('etcd', name, states.get(name)?.disks ?? [], settings.disk),
      ),
      ...answering.flatMap(({ name, status: { leaderId, isLearner } }) => [
        ...(leaderId === '0' ? [{ where: name, what: 'etcd knows no leader' }] : []),
        ...(isLearner ? [{ where: name, what: 'etcd has no vote yet: it is a learner' }] : []),
        ...(alarmsOf(states, name) ?? []).map((alarm) => ({
          where: name,
          what: `etcd raised ${describeAlarm(alarm)}`,
        })),
      ]),
      ...(leaders.length > 1
        ? [{ where: cluster.name, what: `etcd’s members follow ${leaders.length} leaders` }]
        : []),
    ];
  },
};
