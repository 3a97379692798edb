import { refusal } from '../config/become.ts';
import { beforeTheRun, scopeOf, type VariableSources } from '../config/host-variables.ts';
import { InvalidInputError } from '../core/errors.ts';
import { ConnectionPool } from '../transport/pool.ts';
import { SshConfig } from '../transport/ssh-config.ts';
import { resolveTarget, type ConnectionOptions, type ConnectionVariables } from '../transport/target.ts';
import { connectionNames, connectionWayOf, type ConnectionWay } from '../config/connection.ts';
import type { PlayOnHosts } from '../engine/run-options.ts';
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

/** Opens connections to the hosts of an inventory. */
export class Connector {
  readonly #variables: VariableSources;
  readonly #options: ConnectionOptions;
  readonly #pool: ConnectionPool;
  readonly #config = new SshConfig();
  readonly #plays: readonly PlayOnHosts[];

  /** Plays may say how their hosts are reached. */
  constructor(
    variables: VariableSources,
    options: ConnectionOptions,
    forks: number,
    signal?: AbortSignal,
    plays: readonly PlayOnHosts[] = [],
  ) {
    this.#variables = variables;
    this.#options = options;
    this.#pool = new ConnectionPool(forks, signal, options.askPassphrase);
    this.#plays = plays;
  }

  readonly connect = async (host: string): Promise<Connection> => {
    const given = connectionVariablesOf(this.#variables, host);
    const way = givenWay(this.#variables, host) ?? wayByPlays(this.#plays, host);
    if (way === 'local')
      return this.#pool.local(host, this.#options.askedBecomePassword ?? given.become_password);
    const ssh = way === 'openssh' ? { ...given, openssh: true } : given;
    return this.#pool.connect(await resolveTarget(host, ssh, this.#options, this.#config));
  };

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** The way to a host that its variables name; refuses one that drover does not take. */
export function givenWay(variables: VariableSources, host: string): ConnectionWay | undefined {
  const scope = scopeBefore(variables, host);
  const name = first(scope, ['ansible_connection'], host);
  const way = name === undefined ? undefined : connectionWayOf(name);
  if (name !== undefined && way === undefined)
    throw refusal(
      scope,
      host,
      'ansible_connection',
      `${name} is not supported`,
      `there are ${connectionNames.join(', ')}`,
    );
  return way;
}

/** The way to a host that its plays name; refuses two. */
function wayByPlays(plays: readonly PlayOnHosts[], host: string): ConnectionWay {
  const its = plays.filter(({ hosts }) => hosts.includes(host)).map(({ play }) => play);
  const [one, ...others] = its;
  const { connection = 'ssh' } = one ?? {};
  const other = others.find((play) => (play.connection ?? 'ssh') !== connection);
  if (!other) return connection;
  throw new InvalidInputError([
    {
      message: `connection: this play reaches the host by ${other.connection ?? 'ssh'}, and another by ${connection}`,
      at: other.at,
      hint: 'a host is reached in one way: ansible_connection in the inventory says it for all plays',
      hosts: [host],
    },
  ]);
}

function scopeBefore(variables: VariableSources, host: string): Scope {
  return scopeOf(variables, host, () => beforeTheRun('facts are not there before the host is connected to'));
}

/** What variables say of the way to a host. */
export function connectionVariablesOf(variables: VariableSources, host: string): ConnectionVariables {
  const scope = scopeBefore(variables, host);
  const found = Object.entries(connectionVariables).flatMap(([name, names]) => {
    const value = first(scope, names, host);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(found) as ConnectionVariables;
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
