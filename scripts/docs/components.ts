import { components } from '../../src/components/registry.ts';
import { loadDeclarations } from '../../src/config/declarations.ts';
import { Problems } from '../../src/config/files.ts';
import { code, generatedNotice, page, table } from './markdown.ts';

/** The page of what a cluster is made of: for firewalls, inventories and rolling plays. */
export function componentsPage(playbooks: string): string {
  const { variables } = loadDeclarations(playbooks, new Problems());
  const defaultOf = (variable: string) => {
    const node = variables.get(variable)?.defaultNode;
    if (node?.kind !== 'scalar') throw new Error(`${variable} has no default`);
    return node.text;
  };
  const ports = components.flatMap(({ title, ports: own }) =>
    own.map(({ variable, from }) => [title, defaultOf(variable), code(variable), from]),
  );
  return page(
    generatedNotice,
    '# Components',
    'What a cluster is made of. A component runs on the hosts of a group of the inventory; a play that rolls over them names its gate.',
    table(
      ['Component', 'Group', 'Unit', 'Gate'],
      components.map(({ name, title, group, unit, gate }) => [
        title,
        code(group),
        unit === undefined ? '' : code(unit),
        gate ? code(`rolling: { gate: ${name} }`) : '',
      ]),
    ),
    '## Ports',
    table(['Component', 'Port', 'Variable', 'Connects to it'], ports),
  );
}
