import { soleLeader, type Seen } from '../look.ts';
import { expectSame, row, type ProbeRow } from '../probe-row.ts';
import type { HaproxySettings } from './settings.ts';
import { serversUp, type HaproxyState } from './state.ts';

/** The leader behind the write port and nobody else, the replicas behind the read port and all of them. */
export function probeServers(seen: Seen<HaproxySettings, HaproxyState>): ProbeRow[] {
  const { hosts, states, answering, cluster } = seen;
  const leader = soleLeader(seen);
  return hosts.flatMap(({ name }) => {
    const state = states.get(name);
    if (!state || state.problem !== undefined) {
      return [row('HAProxy', name, 'answers', state?.problem ?? 'does not answer', false)];
    }
    const silentOf = (servers: readonly string[]) => servers.filter((server) => !answering.includes(server));
    const up = (proxy: 'primary' | 'standbys') => {
      const servers = serversUp(state, proxy).toSorted();
      const silent = silentOf(servers);
      return `up: ${namesOf(servers)}${silent.length === 0 ? '' : `, without an answer from ${namesOf(silent)}`}`;
    };
    if (leader === undefined) {
      const silent = silentOf([...serversUp(state, 'primary'), ...serversUp(state, 'standbys')]);
      const found = `writes ${up('primary')}; reads ${up('standbys')}`;
      return [row('HAProxy', name, 'answers', found, silent.length === 0)];
    }
    const replicas = cluster.readers.filter((reader) => reader !== leader).toSorted();
    return [
      expectSame('HAProxy writes', name, `up: ${leader}`, up('primary')),
      expectSame('HAProxy reads', name, `up: ${namesOf(replicas)}`, up('standbys')),
    ];
  });
}

function namesOf(servers: readonly string[]): string {
  return servers.join(', ') || 'none';
}
