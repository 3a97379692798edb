import { isUp } from '../../clients/haproxy.ts';
import { leadersOf, type Snapshot } from '../snapshot.ts';
import type { Topology } from '../topology.ts';
import { row, type ProbeRow } from '../probe-row.ts';

/** HAProxy: the leader behind the write port and nobody else, the replicas behind the read port and all of them. */
export function probeHaproxy(topology: Topology, snapshot: Snapshot): ProbeRow[] {
  const [leader] = leadersOf(snapshot);
  const replicas = topology.postgres
    .map(({ name }) => name)
    .filter((name) => name !== leader && !topology.noLoadBalance.has(name));
  return topology.haproxy.flatMap(({ name }) => {
    const state = snapshot.haproxy.get(name);
    if (!state || state.problem !== undefined) {
      return [row('HAProxy', name, 'answers', state?.problem ?? 'does not answer', false)];
    }
    const up = (proxy: string) =>
      state.servers
        .filter((server) => server.proxy === proxy && isUp(server))
        .map(({ server }) => server)
        .sort()
        .join(', ');
    return [
      probeUp('HAProxy writes', name, leader ?? 'the leader', up('primary')),
      probeUp('HAProxy reads', name, replicas.sort().join(', '), up('standbys')),
    ];
  });
}

function probeUp(probe: string, where: string, wanted: string, found: string): ProbeRow {
  return row(probe, where, `up: ${wanted || 'none'}`, `up: ${found || 'none'}`, wanted === found);
}
