import type { Seen } from '../look.ts';
import { row, type ProbeRow } from '../probe-row.ts';
import type { HaproxySettings } from './settings.ts';
import { serversUp, type HaproxyState } from './state.ts';

/** The leader behind the write port and nobody else, the replicas behind the read port and all of them. */
export function probeServers({
  hosts,
  states,
  leaders: [leader],
  cluster,
}: Seen<HaproxySettings, HaproxyState>): ProbeRow[] {
  const replicas = cluster.readers.filter((name) => name !== leader);
  return hosts.flatMap(({ name }) => {
    const state = states.get(name);
    if (!state || state.problem !== undefined) {
      return [row('HAProxy', name, 'answers', state?.problem ?? 'does not answer', false)];
    }
    return [
      probeUp('HAProxy writes', name, leader ?? 'the leader', namesOf(serversUp(state, 'primary'))),
      probeUp('HAProxy reads', name, namesOf(replicas), namesOf(serversUp(state, 'standbys'))),
    ];
  });
}

function probeUp(probe: string, where: string, wanted: string, found: string): ProbeRow {
  return row(probe, where, `up: ${wanted || 'none'}`, `up: ${found || 'none'}`, wanted === found);
}

function namesOf(servers: readonly string[]): string {
  return servers.toSorted().join(', ');
}
