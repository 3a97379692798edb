import { components } from '../components/registry.ts';
import type { Component, Port } from '../components/component.ts';

/** Who listens where on a host of the cluster. */
export interface Listener {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'tcp';
  readonly program: string;
  /** The variable that says the port. */
  readonly variable: string;
  /** Who connects to it. */
  readonly from: string;
}

/** All listeners of a cluster, by its variables; what is not known of one leaves it out. */
export function listenersOf(
  hostsOf: (component: Component) => readonly string[],
  value: (variable: string, host: string) => unknown,
): Listener[] {
  return components.flatMap((component) =>
    hostsOf(component).flatMap((host) =>
      component.ports.flatMap((port) => listenersAt(port, host, (variable) => value(variable, host))),
    ),
  );
}

function listenersAt(
  { variable, program, on, from }: Port,
  host: string,
  value: (variable: string) => unknown,
): Listener[] {
  const port = value(variable);
  if (typeof port !== 'number') return [];
  const addresses = on.flatMap((each) => (/^\d/.test(each) ? [each] : addressesIn(value(each))));
  return addresses.map((address) => ({ host, address, port, protocol: 'tcp', program, variable, from }));
}

function addressesIn(value: unknown): string[] {
  return typeof value === 'string' ? value.split(',').map((part) => part.trim()) : [];
}

const everywhere = ['*', '0.0.0.0', '::'];

/** Whether both cannot listen at once. */
function clash(one: Listener, other: Listener): boolean {
  const both = [one.address, other.address].map((address) =>
    address === 'localhost' ? '127.0.0.1' : address,
  );
  return (
    one.host === other.host &&
    one.port === other.port &&
    (both[0] === both[1] || both.some((address) => everywhere.includes(address)))
  );
}

/** Pairs of which the second finds its port taken, by variable once a host. */
export function clashesOf(listeners: readonly Listener[]): (readonly [Listener, Listener])[] {
  const found = new Map<string, readonly [Listener, Listener]>();
  listeners.forEach((one, index) => {
    for (const other of listeners.slice(index + 1)) {
      if (one.variable !== other.variable && clash(one, other))
        found.set(`${one.host} ${one.variable} ${other.variable}`, [one, other]);
    }
  });
  return [...found.values()];
}
