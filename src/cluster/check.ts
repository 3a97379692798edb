import { components } from '../components/registry.ts';
import type { Component } from '../components/component.ts';
import { patroni } from '../components/patroni/index.ts';
import type { Declarations } from '../config/declarations.ts';
import type { Problems } from '../config/files.ts';
import type { Inventory } from '../config/inventory/model.ts';
import { mergeHosts, type Diagnostic } from '../core/diagnostics.ts';
import type { Scope } from '../vars/scope.ts';
import { checkHosts, connection } from './check-hosts.ts';
import { directoryProblem } from './directories.ts';
import { GivenVariables } from './given.ts';
import { clashesOf, listenersOf } from './listeners.ts';
import { timingProblems } from './timing.ts';

/** Whether a playbook is one of a cluster's, by the variables it takes. */
export function isOfCluster({ variables }: Declarations): boolean {
  return components.every(({ ports }) => ports.every(({ variable }) => variables.has(variable)));
}

/** Checks what an inventory makes of a cluster, as far as that can be told without its hosts. */
export function checkCluster(
  inventory: Inventory,
  declarations: Declarations,
  scopeOf: (host: string) => Scope,
  problems: Problems,
): void {
  if (!isOfCluster(declarations)) return;
  const given = new GivenVariables(inventory, declarations, scopeOf);
  const hostsOf = ({ group }: Component) => inventory.hostsOf(group);
  const hosts = [...new Set(components.flatMap(hostsOf))];
  const found: readonly Diagnostic[] = [
    ...components.flatMap((component) => checkGroup(inventory, component)),
    ...checkHosts(given, hosts),
    ...components.flatMap((component) => component.check?.(given.on(hostsOf(component))) ?? []),
    ...checkDirectories(given, hosts),
    ...checkPorts(given, hosts),
    ...checkTiming(given, hostsOf(patroni)),
  ];
  found.forEach((problem) => problems.add(problem));
}

/** A group that is not there at all, the plays miss themselves. */
function checkGroup(inventory: Inventory, { group: name, title, required }: Component): Diagnostic[] {
  const group = inventory.groups.get(name);
  if (!required || !group || inventory.hostsOf(name).length > 0) return [];
  return [
    {
      message: `the group ${name} has no hosts`,
      ...(group.at ? { at: group.at } : {}),
      hint: `${title} needs at least one; to take a host out of a cluster: drover remove HOST`,
    },
  ];
}

function checkDirectories(given: GivenVariables, hosts: readonly string[]): Diagnostic[] {
  return hosts.flatMap((host) => {
    const filled = components
      .filter(({ group }) => given.inventory.hostsOf(group).includes(host))
      .flatMap(({ directories = [] }) =>
        directories.flatMap((variable) => {
          const path = given.value(variable, host);
          return typeof path === 'string' ? [{ variable, path }] : [];
        }),
      );
    return filled.flatMap(({ variable, path }, index): Diagnostic[] => {
      const problem = directoryProblem(path, filled.slice(0, index));
      if (problem === undefined) return [];
      const at = given.at(variable, host);
      const hint = 'give it a directory of its own, such as one below /var/lib or /srv';
      return [{ message: `${variable}: ${path} ${problem}`, ...(at ? { at } : {}), hint }];
    });
  });
}

function checkPorts(given: GivenVariables, hosts: readonly string[]): Diagnostic[] {
  const listeners = listenersOf(
    ({ group }) => given.inventory.hostsOf(group),
    (variable, host) => given.value(variable, host),
  );
  const ofSsh = hosts.flatMap((host) => sshOf(given, host));
  const clashes = clashesOf([...ofSsh, ...listeners]).map(([one, other]): Diagnostic => {
    // The one that the inventory says is the one to mend.
    const [kept, mend] = given.given(other.variable, other.host) ? [one, other] : [other, one];
    const at = given.at(mend.variable, mend.host);
    return {
      message: `${mend.variable}: ${kept.program} listens on port ${mend.port} already (${kept.variable})`,
      ...(at ? { at } : {}),
      hosts: [mend.host],
      hint: 'each takes a port, or an address, of its own',
    };
  });
  return mergeHosts(clashes);
}

/** sshd, where drover reaches it at the host's own address; behind a forwarded port it may be anywhere. */
function sshOf(given: GivenVariables, host: string) {
  const address = given.value('internal_address', host);
  const [reached, port = 22] = [connection(given, 'host', host), connection(given, 'port', host)];
  if (typeof port !== 'number' || typeof address !== 'string' || (reached ?? host) !== address) return [];
  return [
    {
      host,
      address: '*',
      port,
      protocol: 'tcp' as const,
      program: 'sshd',
      variable: 'ansible_port',
      from: 'drover',
    },
  ];
}

function checkTiming(given: GivenVariables, [first]: readonly string[]): Diagnostic[] {
  if (first === undefined) return [];
  const read = (name: string) => given.value(name, first);
  const [dcs, extra, mode, margin] = [
    'patroni_dcs',
    'patroni_dcs_extra',
    'watchdog_mode',
    'watchdog_safety_margin',
  ].map(read);
  if (typeof dcs !== 'object' || typeof extra !== 'object' || typeof margin !== 'number') return [];
  const overridden = Object.keys(extra ?? {}).find((key) =>
    ['ttl', 'loop_wait', 'retry_timeout'].includes(key),
  );
  const variable = [
    'patroni_ttl',
    'patroni_loop_wait',
    'patroni_retry_timeout',
    'watchdog_safety_margin',
  ].find((name) => given.given(name, first));
  const at =
    overridden === undefined
      ? given.at(variable ?? 'patroni_ttl', first)
      : given.at('patroni_dcs_extra', first, [overridden]);
  const [problem] = timingProblems({ ...dcs, ...extra }, { mode: String(mode), margin }, 'patroni_');
  // What a time must be by itself is told of its variable.
  if (problem === undefined || problem.includes('must be')) return [];
  const hint = 'Patroni would silently go by other times: raise the time to live, or lower the others';
  return [{ message: problem, ...(at ? { at } : {}), hint }];
}
