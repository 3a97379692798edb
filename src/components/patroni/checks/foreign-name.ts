import { DcsSettings } from './dcs-schema.ts';
import { parameterNames } from './parameters.ts';

// How other tools' roles begin their variables.
const others = /^(postgresql|postgre|pgsql|pg)_/;
// A single word, such as port or pause, may be anything's.
const settings = Object.keys(DcsSettings.shape).filter((name) => name.includes('_'));
const parameters = parameterNames.filter((name) => name.includes('_'));

export function foreignName(name: string): string | undefined {
  const bare = name.replace(others, '');
  if (parameters.includes(bare))
    return `a parameter of PostgreSQL stands in another variable: postgres_parameters: { ${bare}: … }`;
  if (settings.includes(name))
    return `docs/variables.md has it as patroni_${name}, or it stands in patroni_dcs_extra: { ${name}: … }`;
  return bare === name
    ? undefined
    : 'it is of another tool’s role: docs/variables.md lists the variables of these playbooks, and an own variable takes another beginning';
}
