import { refusal } from '../config/become.ts';
import { beforeTheRun, scopeOf, type VariableSources } from '../config/host-variables.ts';
import { InvalidInputError } from '../core/errors.ts';
import { ConnectionPool } from '../transport/pool.ts';
import { SshConfig } from '../transport/ssh-config.ts';
import { resolveTarget, type ConnectionOptions, type ConnectionVariables } from '../transport/target.ts';
import type { Connection } from '../engine/hosts/host-run.ts';
import type { Scope } from '../vars/scope.ts';
import { TemplateError } from '../vars/template.ts';
import { textOf } from '../vars/value.ts';

/** The names of each connection variable. Only Ansible's own count: any other is of a playbook. */
const connectionVariables: Readonly<
  Record<Exclude<keyof ConnectionVariables, 'openssh'>, readonly string[]>
> = {
  host: ['ansible_host', 'ansible_ssh_host'],
  port: ['ansible_port', 'ansible_ssh_port'],
  user: ['ansible_user', 'ansible_ssh_user'],
  ssh_private_key_file: ['ansible_ssh_private_key_file', 'ansible_private_key_file'],
  password: ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'],
  become_password: ['ansible_become_password', 'ansible_become_pass'],
  ssh_args: ['ansible_ssh_args'],
  ssh_common_args: ['ansible_ssh_common_args'],
  ssh_extra_args: ['ansible_ssh_extra_args'],
};

/** Ansible's names for ways in by SSH. */
const bySsh = ['ssh', 'smart', 'paramiko', 'paramiko_ssh', 'ansible.builtin.ssh', 'openssh'];

/** Opens connections to the hosts of an inventory. */
export class Connector {
  readonly #variables: VariableSources;
  readonly #options: ConnectionOptions;
  readonly #pool: ConnectionPool;
  readonly #config = new SshConfig();

  constructor(variables: VariableSources, options: ConnectionOptions, forks: number, signal?: AbortSignal) {
    this.#variables = variables;
    this.#options = options;
    this.#pool = new ConnectionPool(forks, signal, options.askPassphrase);
  }

  readonly connect = async (host: string): Promise<Connection> => {
    const target = await resolveTarget(
      host,
      connectionVariablesOf(this.#variables, host),
      this.#options,
      this.#config,
    );
    return this.#pool.connect(target);
  };

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** What variables say of the way to a host; refuses a way that drover does not take. */
export function connectionVariablesOf(variables: VariableSources, host: string): ConnectionVariables {
  const scope = scopeOf(variables, host, () =>
    beforeTheRun('facts are not there before the host is connected to'),
  );
  const way = first(scope, ['ansible_connection'], host);
  if (way !== undefined && !bySsh.includes(way)) {
    const hint = 'drover reaches each host by SSH, and runs nothing on the controller';
    throw refusal(scope, host, 'ansible_connection', `${way} is not supported`, hint);
  }
  const found = Object.entries(connectionVariables).flatMap(([name, names]) => {
    const value = first(scope, names, host);
    return value === undefined ? [] : [[name, value]];
  });
  const known = Object.fromEntries(found) as ConnectionVariables;
  return way === 'openssh' ? { ...known, openssh: true } : known;
}

function first(scope: Scope, names: readonly string[], host: string): string | undefined {
  try {
    for (const name of names) {
      const value = textOf(scope.get(name) ?? null);
      if (value !== undefined && value !== '') return value;
    }
    return undefined;
  } catch (error) {
    if (error instanceof TemplateError) throw new InvalidInputError([{ ...error.diagnostic, hosts: [host] }]);
    throw error;
  }
}
