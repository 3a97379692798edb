import { Ask } from '../components/ask.ts';
import type { Component } from '../components/component.ts';
import type { Seen } from '../components/look.ts';
import { patroni } from '../components/patroni/index.ts';
import { claimsIn } from '../components/patroni/state.ts';
import { components } from '../components/registry.ts';
import type { Fleet } from '../engine/hosts/fleet.ts';
import type { Topology } from './topology.ts';

/** The whole cluster at one moment: the state of each host of each component. */
export class Snapshot {
  readonly #states: ReadonlyMap<string, ReadonlyMap<string, unknown>>;

  /** By component's name and host. */
  constructor(states: ReadonlyMap<string, ReadonlyMap<string, unknown>>) {
    this.#states = states;
  }

  of<T>({ name }: Component<unknown, T>): ReadonlyMap<string, T> {
    return (this.#states.get(name) ?? new Map()) as ReadonlyMap<string, T>;
  }

  /** The members that lead the database by their own words. */
  get leaders(): string[] {
    return claimsIn(this.of(patroni)).map(({ name }) => name);
  }

  /** The members of the database that have answered. */
  get answering(): string[] {
    return [...this.of(patroni)].filter(([, { member }]) => member).map(([name]) => name);
  }
}

/** Asks every part of the cluster, all at once, through the hosts' connections. */
export async function takeSnapshot(fleet: Fleet, topology: Topology): Promise<Snapshot> {
  const ask = new Ask(fleet);
  const looks = components.map(async (component) => {
    const look = { ...topology.of(component), ask, cluster: topology.outline };
    const states = look.hosts.map(async (host) => [host.name, await component.look?.(look, host)] as const);
    return [component.name, new Map(await Promise.all(states))] as const;
  });
  return new Snapshot(new Map(await Promise.all(looks)));
}

/** What was seen of a component. */
export function seenOf<S, T>(component: Component<S, T>, topology: Topology, snapshot: Snapshot): Seen<S, T> {
  return {
    ...topology.of(component),
    cluster: topology.outline,
    states: snapshot.of(component),
    leaders: snapshot.leaders,
    answering: snapshot.answering,
  };
}
