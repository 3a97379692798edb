import { roleColumn, type StatusTable } from '../status-table.ts';
import type { EtcdSettings } from './settings.ts';
import { etcdLeaderOf, type EtcdState } from './state.ts';

export const status: StatusTable<EtcdSettings, EtcdState> = {
  key: 'etcd',
  title: 'etcd',
  columns: [roleColumn, { key: 'version', title: 'version' }, { key: 'size', title: 'size' }],
  cells({ name }, { states }) {
    const found = states.get(name)?.status;
    if (!found) return { role: 'silent', version: '?', size: '?' };
    const follows = found.isLearner ? 'learner' : 'follower';
    return {
      role: etcdLeaderOf(states) === name ? 'leader' : follows,
      version: found.version,
      size: `${(found.size / 1024 ** 2).toFixed(1)} MiB`,
    };
  },
};
