import type { Diagnostic } from '../../../core/diagnostics.ts';
import { problemIn, type Given } from '../../check.ts';

/** Each of these is a role of its own: attributes and passwords of one would be taken from the other. */
const roles = [
  'postgres_superuser_name',
  'postgres_replication_name',
  'postgres_admin_name',
  'postgres_probe_name',
];

/** The names of roles differ, and none takes that of the superuser whom initdb makes. */
export function checkRoles(given: Given): Diagnostic[] {
  const names = roles.flatMap((variable) => {
    const name = given.value(variable);
    return typeof name === 'string' ? [{ variable, name }] : [];
  });
  return names.flatMap(({ variable, name }, index): Diagnostic[] => {
    const other = names.slice(0, index).find((earlier) => earlier.name === name);
    if (other) {
      const message = `${variable} is "${name}", and so is ${other.variable}`;
      return [problemIn(given, variable, { message, hint: 'each of them is a role of its own' })];
    }
    if (name !== 'postgres' || variable === 'postgres_superuser_name') return [];
    const message = `${variable} is "postgres", which is kept for the superuser`;
    return [problemIn(given, variable, { message, hint: 'give the role a name of its own' })];
  });
}
