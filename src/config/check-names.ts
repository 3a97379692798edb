import { slipOf, suggest } from '../core/diagnostics.ts';
import { scalarsOf, type MapEntry, type ScalarNode } from '../core/node.ts';
import type { SourceRange } from '../core/source.ts';
import type { Layer } from '../vars/scope.ts';
import type { Declarations } from './declarations.ts';
import type { Problems } from './files.ts';
import type { Inventory, VariableMap } from './inventory/model.ts';

/** A variable as somebody has set it. */
export interface GivenName {
  readonly name: string;
  readonly at: SourceRange;
}

/** The names that inventory and command line set, each at all its places. */
export function givenNames(inventory: Inventory, extra: Layer): GivenName[] {
  const own = entriesOf(inventory).map(({ key, keyRange }) => ({ name: key, at: keyRange }));
  const ofExtra = [...extra].flatMap(([name, variable]) =>
    'node' in variable ? [{ name, at: variable.node.range }] : [],
  );
  return [...own, ...ofExtra];
}

/** Every text that they set, for the names in their templates. */
export function givenScalars(inventory: Inventory): ScalarNode[] {
  return entriesOf(inventory).flatMap(({ value }) => [...scalarsOf(value)]);
}

function entriesOf(inventory: Inventory): MapEntry[] {
  const maps: VariableMap[] = [
    ...[...inventory.groups.values()].map((group) => group.vars),
    ...[...inventory.hosts.values()].map((host) => host.vars),
    ...inventory.groupFiles.map((file) => file.vars),
    ...inventory.hostFiles.map((file) => file.vars),
  ];
  // A host range gives the same entry to all its hosts.
  return [...new Set(maps.flatMap((vars) => [...vars.values()]))];
}

/** What drover reads to connect to a host. */
export const connecting = [
  'ansible_become',
  'ansible_become_pass',
  'ansible_become_password',
  'ansible_become_user',
  'ansible_become_method',
  'ansible_connection',
  'ansible_group_priority',
  'ansible_host',
  'ansible_password',
  'ansible_port',
  'ansible_private_key_file',
  'ansible_ssh_common_args',
  'ansible_ssh_extra_args',
  'ansible_ssh_host',
  'ansible_ssh_pass',
  'ansible_ssh_password',
  'ansible_ssh_port',
  'ansible_ssh_private_key_file',
  'ansible_ssh_user',
  'ansible_user',
];

/** What Ansible reads besides (its documentation on special variables and connection plugins). */
const ofAnsible =
  /^ansible_((ssh|winrm|psrp|paramiko|python|shell|network|netconf|httpapi|docker|podman|kubectl|lxd|lxc|local|scp|sftp|aws_ssm)_\w+|become_(exe|flags)|su(do)?(_\w+)?|connection_\w+|\w+_interpreter|timeout|pipelining|remote_tmp|async_dir|executable|host_key_checking|no_target_syslog|common_remote_group|facts?_\w+|facts|run_tags|skip_tags|version|ssh|retries|control_path(_dir)?|scp_if_ssh|check_mode|diff_mode|forks|verbosity|limit|inventory_sources|config_file|playbook_python|play_\w+|parent_role_\w+|role_name|search_path|index_var|loop(_var)?|collection_name|host_group)$/;

/**
 * Names that nobody reads, and that look as if somebody should: slips of a declared name or of one that drover connects
 * by, and whatever begins as the playbooks' own names do. Any other is the user's.
 */
export function checkNames(
  names: readonly GivenName[],
  { namespaces, variables }: Declarations,
  used: ReadonlySet<string>,
  problems: Problems,
): void {
  const declared = [...variables.keys()];
  for (const { name, at } of names) {
    if (variables.has(name) || connecting.includes(name) || ofAnsible.test(name)) continue;
    const isOfPlaybooks = namespaces.some((prefix) => name.startsWith(prefix));
    if (used.has(name) && !isOfPlaybooks) continue;
    const slip =
      slipOf(name, [...declared, ...connecting]) ?? (isOfPlaybooks ? suggest(name, declared) : undefined);
    const isOfAnsible = declared.length > 0 && name.startsWith('ansible_');
    if (slip === undefined && !isOfPlaybooks && !isOfAnsible) continue;
    const hint = isOfAnsible
      ? 'neither drover nor Ansible reads it: give an own variable another beginning'
      : 'docs/variables.md lists the variables of these playbooks';
    problems.add({
      message: `unknown variable "${name}"`,
      at,
      hint: slip === undefined ? hint : `did you mean "${slip}"?`,
    });
  }
}
