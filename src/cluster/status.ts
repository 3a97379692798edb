import type { StatusColumn } from '../components/status-table.ts';
import { patroni } from '../components/patroni/index.ts';
import { clusterOf } from '../components/patroni/state.ts';
import { components } from '../components/registry.ts';
import { seenOf, type Snapshot } from './snapshot.ts';
import type { Topology } from './topology.ts';

/** A host of a component as `drover status` shows it. */
export interface StatusRow {
  readonly name: string;
  readonly address: string;
  readonly cells: Readonly<Record<string, string>>;
}

/** The rows of a component, with what they need to be shown. */
export interface ComponentStatus {
  readonly key: string;
  readonly title: string;
  readonly columns: readonly StatusColumn[];
  readonly rows: readonly StatusRow[];
}

export interface ClusterStatus {
  readonly cluster: string;
  readonly identifier: string;
  readonly paused: boolean;
  /** A switchover that Patroni is to make later. */
  readonly scheduled: { readonly at: string; readonly to: string | null } | null;
  /** The database first. */
  readonly tables: readonly ComponentStatus[];
}

/** The cluster as `drover status` shows it. */
export function clusterStatus(topology: Topology, snapshot: Snapshot): ClusterStatus {
  const states = snapshot.of(patroni);
  const { pause, scheduled_switchover: scheduled } = clusterOf(states) ?? {};
  const member = [...states.values()].find((state) => state.member)?.member;
  const tables = [patroni, ...components.filter((component) => component !== patroni)];
  return {
    cluster: topology.cluster,
    identifier: member?.database_system_identifier ?? 'unknown',
    paused: pause === true,
    scheduled: scheduled ? { at: scheduled.at, to: scheduled.to ?? null } : null,
    tables: tables.flatMap((component): ComponentStatus[] => {
      const { status } = component;
      if (!status) return [];
      const seen = seenOf(component, topology, snapshot);
      const rows = seen.hosts.map((host) => ({ ...host, cells: status.cells(host, seen) }));
      return [{ key: status.key, title: status.title, columns: status.columns, rows }];
    }),
  };
}

/** The same for programs: each component's rows under its key. */
export function statusJson({ tables, ...head }: ClusterStatus): Readonly<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for (const { key, rows: hosts } of tables)
    rows[key] = hosts.map(({ name, address, cells }) => ({ name, address, ...cells }));
  return { ...head, ...rows };
}
