import type { StatusTable } from '../status-table.ts';
import type { HaproxySettings } from './settings.ts';
import { serversUp, type HaproxyState } from './state.ts';

export const status: StatusTable<HaproxySettings, HaproxyState> = {
  key: 'haproxy',
  title: 'HAProxy',
  columns: [
    { key: 'writes', title: 'writes to' },
    { key: 'reads', title: 'reads from' },
    {
      key: 'problem',
      title: '',
      show: ({ problem }) => (typeof problem === 'string' ? problem : ''),
      colour: () => 'red',
    },
  ],
  answers: ({ name }, { states }) => answering(states.get(name)) !== undefined,
  cells({ name }, { states }) {
    const state = answering(states.get(name));
    return {
      writes: state ? serversUp(state, 'primary') : null,
      reads: state ? serversUp(state, 'standbys') : null,
      problem: state ? null : (states.get(name)?.problem ?? 'not asked'),
    };
  },
  problems({ hosts, states, leaders, cluster }) {
    const [leader] = leaders;
    return hosts.flatMap(({ name }) => {
      const state = answering(states.get(name));
      if (!state) return [];
      const writes = serversUp(state, 'primary');
      const reads = serversUp(state, 'standbys');
      const wanted = cluster.standby || leader === undefined ? [] : [leader];
      const missing = cluster.readers.filter((reader) => reader !== leader && !reads.includes(reader));
      return [
        ...(writes.join() === wanted.join()
          ? []
          : [{ where: name, what: `HAProxy sends writes to ${writes.join(', ') || 'nobody'}` }]),
        ...(missing.length === 0
          ? []
          : [{ where: name, what: `HAProxy sends no reads to ${missing.join(', ')}` }]),
      ];
    });
  },
};

function answering(state: HaproxyState | undefined): HaproxyState | undefined {
  return state?.problem === undefined ? state : undefined;
}
