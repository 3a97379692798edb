// What takes several components: topology, snapshot, operations on a running cluster, the order of a departure. What
// concerns one component is in components/.
import type { Ask } from '../components/ask.ts';
import type { Component } from '../components/component.ts';
import { patroni } from '../components/patroni/index.ts';
import type { ClusterHost, ClusterOutline, Placed } from '../components/place.ts';
import { DatabaseRole } from '../components/database-role.ts';
import { components } from '../components/registry.ts';
import { VariableReader } from '../components/variable-reader.ts';
import { InvalidInputError } from '../core/errors.ts';
import type { Scope } from '../vars/scope.ts';

/** The inventory's groups that a cluster is made of. */
export const serviceGroups: readonly string[] = [...new Set(components.map(({ group }) => group))];

/** What a cluster is to be, out of its inventory: each component's hosts and settings. */
export class Topology {
  readonly cluster: string;
  readonly #placed: ReadonlyMap<string, Placed<unknown>>;

  /** By component's name. */
  constructor(cluster: string, placed: ReadonlyMap<string, Placed<unknown>>) {
    this.cluster = cluster;
    this.#placed = placed;
  }

  of<S>({ name }: Component<S>): Placed<S> {
    const placed = this.#placed.get(name);
    if (!placed) throw new Error(`no component ${name}`);
    return placed as Placed<S>;
  }

  hostsOf(component: Component): readonly ClusterHost[] {
    return this.of(component).hosts;
  }

  /** The same, but for some of a component. */
  with<S>(component: Component<S>, differs: Partial<Placed<S>>): Topology {
    const placed = { ...this.of(component), ...differs };
    return new Topology(this.cluster, new Map([...this.#placed, [component.name, placed]]));
  }

  /** What components may know of it. */
  get outline(): ClusterOutline {
    const { hosts, settings } = this.of(patroni);
    const readers = hosts.map(({ name }) => name).filter((name) => !settings.noLoadBalance.has(name));
    const standby = (settings.dcs['standby_cluster'] ?? null) !== null;
    return { name: this.cluster, members: hosts, readers, standby };
  }

  /** The role that drover probes the database with. */
  probeRole(ask: Ask): DatabaseRole {
    const { probe, postgresPort } = this.of(patroni).settings;
    return new DatabaseRole(ask, { ...probe, port: postgresPort });
  }
}

/** Reads the topology out of the hosts' variables. */
export function topologyOf(
  scopeOf: (host: string) => Scope,
  groups: Readonly<Record<string, readonly string[]>>,
): Topology {
  const [first] = groups[patroni.group] ?? [];
  if (first === undefined)
    throw new InvalidInputError([{ message: `the group ${patroni.group} has no hosts` }]);
  const placed = components.map((component): [string, Placed<unknown>] => {
    const read = new VariableReader(scopeOf, groups[component.group] ?? [], first);
    const hosts = read.hosts.map((name) => ({ name, address: read.text('internal_address', name) }));
    return [component.name, { hosts, settings: component.settings(read) }];
  });
  return new Topology(new VariableReader(scopeOf, [], first).text('cluster_name'), new Map(placed));
}
