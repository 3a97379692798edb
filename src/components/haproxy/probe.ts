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
    const up = (proxy: 'primary' | 'standbys') => {
      const servers = serversUp(state, proxy).toSorted();
      const silent = servers.filter((server) => !answering.includes(server));
      return `up: ${namesOf(servers)}${silent.length === 0 ? '' : `, without an answer from ${namesOf(silent)}`}`;
    };
    if (leader === undefined) {
      return [row('HAProxy', name, 'answers', `writes ${up('primary')}; reads ${up('standbys')}`, true)];
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
