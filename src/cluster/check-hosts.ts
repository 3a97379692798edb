import { patroni } from '../components/patroni/index.ts';
import type { Diagnostic } from '../core/diagnostics.ts';
import type { GivenVariables } from './given.ts';

/** Hosts have names that fit everywhere, addresses of their own, and agree on what concerns them all. */
export function checkHosts(given: GivenVariables, hosts: readonly string[]): Diagnostic[] {
  return [
    ...hosts.flatMap((host) => checkName(given, host)),
    ...checkSlots(given),
    ...checkAddresses(given, hosts),
    ...checkSame(given, hosts),
  ];
}

// The name stands in /etc/hosts, in etcd's list of members and in HAProxy's configuration.
const fitting = /^[a-zA-Z0-9]([\w.-]{0,61}[a-zA-Z0-9])?$/;

function checkName(given: GivenVariables, host: string): Diagnostic[] {
  if (fitting.test(host)) return [];
  return [
    {
      message: `the name "${host}" does not fit into every file`,
      ...placeOf(given, host),
      hint: 'letters, digits, _, . and -, at most 63, with a letter or a digit at both ends',
    },
  ];
}

function placeOf(given: GivenVariables, host: string): Pick<Diagnostic, 'at'> {
  const at = given.inventory.hosts.get(host)?.at;
  return at ? { at } : {};
}

/** Patroni names a member's replication slot in small letters, with _ for - and . (dcs/__init__.py). */
function checkSlots(given: GivenVariables): Diagnostic[] {
  const slots = new Map<string, string>();
  return given.inventory.hostsOf(patroni.group).flatMap((host): Diagnostic[] => {
    const slot = host.toLowerCase().replaceAll(/[-.]/g, '_');
    const other = slots.get(slot);
    slots.set(slot, other ?? host);
    if (other === undefined) return [];
    const message = `the names ${other} and ${host} come to the same replication slot, ${slot}`;
    return [{ message, ...placeOf(given, host), hint: 'give one of them another name' }];
  });
}

/** A connection variable, by either of its names. */
export function connection(given: GivenVariables, name: 'host' | 'port', host: string): unknown {
  return [`ansible_${name}`, `ansible_ssh_${name}`]
    .map((variable) => given.raw(variable, host))
    .find((value) => value !== undefined);
}

/** A host that is there twice would wait for its own lock, and two members could not have one address. */
function checkAddresses(given: GivenVariables, hosts: readonly string[]): Diagnostic[] {
  const reached = (host: string) => {
    const [address = host, port = 22] = [connection(given, 'host', host), connection(given, 'port', host)];
    return `${String(address)}:${String(port)}`;
  };
  const byAddress = (
    what: (host: string) => unknown,
    message: (host: string, other: string, address: string) => string,
    variable: string,
  ): Diagnostic[] => {
    const seen = new Map<string, string>();
    return hosts.flatMap((host): Diagnostic[] => {
      const address = what(host);
      if (typeof address !== 'string') return [];
      const other = seen.get(address);
      seen.set(address, other ?? host);
      if (other === undefined) return [];
      const at = given.at(variable, host);
      return [
        {
          message: message(host, other, address),
          ...(at ? { at } : {}),
          hint: 'one host has one name: put it into each of its groups',
        },
      ];
    });
  };
  const twice = byAddress(
    reached,
    (host, other, address) => `${host} is reached at ${address}, and so is ${other}`,
    'ansible_host',
  );
  if (twice.length > 0) return twice;
  return byAddress(
    (host) => given.value('internal_address', host),
    (host, other, address) => `internal_address: ${host} has ${address}, and so has ${other}`,
    'internal_address',
  );
}

/** What all hosts must agree on. */
function checkSame(given: GivenVariables, [first, ...others]: readonly string[]): Diagnostic[] {
  if (first === undefined) return [];
  const shared = [...given.declarations.variables.values()].filter(({ everywhere }) => everywhere);
  return shared.flatMap(({ name }): Diagnostic[] => {
    const wanted = given.value(name, first);
    const host = others.find((other) => {
      const value = given.value(name, other);
      return wanted !== undefined && value !== undefined && JSON.stringify(value) !== JSON.stringify(wanted);
    });
    if (host === undefined) return [];
    const at = given.at(name, given.given(name, host) ? host : first);
    const show = (value: unknown) => JSON.stringify(value);
    const message = `${name} is ${show(given.value(name, host))} on ${host} and ${show(wanted)} on ${first}`;
    return [
      { message, ...(at ? { at } : {}), hint: 'the whole cluster has one: set it for all hosts, under vars' },
    ];
  });
}
