import type { StatusTable } from '../status-table.ts';
import type { HaproxySettings } from './settings.ts';
import { serversUp, type HaproxyState } from './state.ts';

export const status: StatusTable<HaproxySettings, HaproxyState> = {
  key: 'haproxy',
  title: 'HAProxy',
  columns: [
    { key: 'writes', title: 'writes to' },
    { key: 'reads', title: 'reads from' },
  ],
  cells({ name }, { states }) {
    const state = states.get(name);
    if (!state) return { writes: '', reads: '' };
    return {
      writes: state.problem ?? serversUp(state, 'primary').join(' '),
      reads: serversUp(state, 'standbys').join(' '),
    };
  },
};
