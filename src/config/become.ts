import { InvalidInputError } from '../core/errors.ts';
import { becomeMethods, type BecomeMethod } from '../shell/become.ts';
import { TemplateError } from '../vars/template.ts';
import type { Scope } from '../vars/scope.ts';
import { textOf, type Value } from '../vars/value.ts';

/** What variables say of who a host's tasks are done as: as in Ansible they win over keywords and the command line. */
export interface Become {
  readonly become: boolean | undefined;
  readonly user: string | undefined;
  readonly method: BecomeMethod | undefined;
}

export const becomeVariables = ['ansible_become', 'ansible_become_user', 'ansible_become_method'] as const;

const yes = ['true', 'yes', 'on', 'y', 't', '1'];
const no = ['false', 'no', 'off', 'n', 'f', '0'];

/** The way that a name stands for, with or without the prefix of a collection of Ansible's; undefined for any other. */
export function becomeMethodOf(name: string): BecomeMethod | undefined {
  const plain = name.replace(/^(ansible\.(builtin|legacy)|community\.general)\./, '');
  return becomeMethods.find((method) => method === plain);
}

/** Reads a host's variables for that; refuses what drover does not do. */
export function becomeOf(scope: Scope, host: string): Become {
  const [given, user, method] = becomeVariables.map((name) => valueOf(scope, name, host));
  const word = textOf(given ?? null)?.toLowerCase();
  if (given !== undefined && !(word !== undefined && [...yes, ...no].includes(word)))
    throw refusal(scope, host, 'ansible_become', 'is neither true nor false', 'write true or false');
  const way = method === undefined ? undefined : becomeMethodOf(textOf(method) ?? '');
  if (method !== undefined && way === undefined)
    throw refusal(
      scope,
      host,
      'ansible_become_method',
      `${textOf(method) ?? ''} is not supported`,
      `drover becomes root by ${becomeMethods.join(', ')}`,
    );
  return {
    become: word === undefined ? undefined : yes.includes(word),
    user: user === undefined ? undefined : textOf(user),
    method: way,
  };
}

function valueOf(scope: Scope, name: string, host: string): Value | undefined {
  try {
    return scope.get(name);
  } catch (error) {
    if (error instanceof TemplateError) throw new InvalidInputError([{ ...error.diagnostic, hosts: [host] }]);
    throw error;
  }
}

/** For a variable that asks for what drover does not do, with its place. */
export function refusal(
  scope: Scope,
  host: string,
  name: string,
  problem: string,
  hint: string,
): InvalidInputError {
  const variable = scope.raw(name);
  const at = variable && 'node' in variable ? { at: variable.node.range } : {};
  return new InvalidInputError([{ message: `${name}: ${problem}`, ...at, hint, hosts: [host] }]);
}
