import { until } from '../core/until.ts';
import { Ask } from '../components/ask.ts';
import type { ProbeRow } from '../components/probe-row.ts';
import { components } from '../components/registry.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import { seenOf, takeSnapshot } from './snapshot.ts';
import type { Topology } from './topology.ts';

interface VerifyOptions {
  /** Leave out what writes: the row that is sent through the cluster. */
  readonly readOnly: boolean;
  /** Seconds to go on looking while something fails: after a change a cluster takes a while to settle. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** Looks at everything that makes the cluster highly available. */
export async function verifyCluster(
  fleet: Fleet,
  topology: Topology,
  options: VerifyOptions,
): Promise<ProbeRow[]> {
  let rows: ProbeRow[] = [];
  await until(
    async () => {
      rows = await probeAll(fleet, topology, options.readOnly);
      const failed = rows.find((row) => row.verdict === 'fail');
      return failed ? { missing: failed.found } : { done: true };
    },
    { within: options.patience, every: 500, signal: options.signal },
  );
  return rows;
}

async function probeAll(fleet: Fleet, topology: Topology, readOnly: boolean): Promise<ProbeRow[]> {
  const snapshot = await takeSnapshot(fleet, topology);
  const ask = new Ask(fleet);
  const sql = topology.probeRole(ask);
  const rows = components.map(async (component) => {
    const look = { ...seenOf(component, topology, snapshot), ask, sql, readOnly };
    return (await component.probes?.(look)) ?? [];
  });
  return (await Promise.all(rows)).flat();
}
