import type { Cells, StatusColumn, StatusProblem } from '../components/status-table.ts';
import type { Component } from '../components/component.ts';
import { patroni } from '../components/patroni/index.ts';
import { clusterOf } from '../components/patroni/state.ts';
import { components } from '../components/registry.ts';
import { seenOf, type Snapshot } from './snapshot.ts';
import type { Topology } from './topology.ts';

/** A host of a component as `drover status` shows it. */
export interface StatusRow {
  readonly name: string;
  readonly address: string;
  readonly cells: Cells;
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
  readonly identifier: string | null;
  /** When it was asked, in ISO 8601. */
  readonly at: string;
  /** null while no member tells. */
  readonly paused: boolean | null;
  /** A switchover that Patroni is to make later. */
  readonly scheduled: { readonly at: string; readonly to: string | null } | null;
  /** How many services were asked, and how many of them answered. */
  readonly asked: number;
  readonly answered: number;
  /** There is nothing against it. */
  readonly whole: boolean;
  readonly problems: readonly StatusProblem[];
  /** The database first. */
  readonly tables: readonly ComponentStatus[];
}

/** The cluster as `drover status` shows it. */
export function clusterStatus(topology: Topology, snapshot: Snapshot, at: Date): ClusterStatus {
  const states = snapshot.of(patroni);
  const seen = clusterOf(states);
  const member = [...states.values()].find((state) => state.member)?.member;
  const shown = [patroni, ...components.filter((component) => component !== patroni)].flatMap(
    (component) => showComponent(component, topology, snapshot) ?? [],
  );
  const answers = shown.flatMap((component) => component.answers);
  const problems = shown.flatMap((component) => component.problems);
  const { scheduled_switchover: scheduled } = seen ?? {};
  return {
    cluster: topology.cluster,
    identifier: member?.database_system_identifier ?? null,
    at: at.toISOString(),
    paused: seen ? seen.pause === true : null,
    scheduled: scheduled ? { at: scheduled.at, to: scheduled.to ?? null } : null,
    asked: answers.length,
    answered: answers.filter(Boolean).length,
    whole: problems.length === 0,
    problems,
    tables: shown.map(({ table }) => table),
  };
}

function showComponent<S, T>(component: Component<S, T>, topology: Topology, snapshot: Snapshot) {
  const { status, title } = component;
  if (!status) return undefined;
  const seen = seenOf(component, topology, snapshot);
  const rows = seen.hosts.map((host) => ({ ...host, cells: status.cells(host, seen) }));
  const silent = seen.hosts.filter((host) => !status.answers(host, seen));
  return {
    answers: seen.hosts.map((host) => !silent.includes(host)),
    problems: [
      ...silent.map(({ name }): StatusProblem => ({ where: name, what: `${title} does not answer` })),
      ...status.problems(seen),
    ],
    table: { key: status.key, title: status.title, columns: status.columns, rows } satisfies ComponentStatus,
  };
}

/** The same for programs: each component's rows under its key. */
export function statusJson({ tables, ...head }: ClusterStatus): Readonly<Record<string, unknown>> {
  const rows: Record<string, unknown> = {};
  for (const { key, rows: hosts } of tables)
    rows[key] = hosts.map(({ name, address, cells }) => ({ name, address, ...cells }));
  return { ...head, ...rows };
}
