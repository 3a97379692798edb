import { dirname, relative } from 'node:path';
import { loadDeclarations, type Declaration } from '../../src/config/declarations.ts';
import { Problems } from '../../src/config/files.ts';
import { stringifyYaml } from '../../src/config/write-yaml.ts';
import { formatDiagnostic } from '../../src/core/diagnostics.ts';
import { toData } from '../../src/core/node.ts';
import { code, fence, generatedNotice, page, table } from './markdown.ts';

// A longer default stands below its table.
const longestInTable = 70;

/** The page of the variables that a folder's playbooks take. */
export function variablesPage(folder: string): string {
  const problems = new Problems();
  const { variables, namespaces } = loadDeclarations(folder, problems);
  if (problems.list.length > 0) throw new Error(problems.list.map(formatDiagnostic).join('\n'));
  const sections = new Map<string, Declaration[]>();
  for (const declaration of variables.values()) {
    const title = sectionOf(declaration, folder);
    sections.set(title, [...(sections.get(title) ?? []), declaration]);
  }
  return page(
    generatedNotice,
    '# Variables',
    `What the playbooks of drover can be told, in the inventory or with \`-e\`. A variable that is not here and whose name begins with ${namespaces.map(code).join(', ')} or \`ansible_\` is an error, and so is a slip of one that is here, a parameter of PostgreSQL that stands by itself, and a name of another tool’s role (\`postgresql_…\`, \`pg_…\`). All others are yours; so is what one of your variables or templates uses.`,
    'The column *Effect* says what a change of a variable on a running cluster comes to: *reload* interrupts nobody; *restart* and *ordered restart* restart a service, the second one host after the other; *new clusters only* are read when a cluster is made, and never again.',
    ...[...sections].map(([title, declarations]) => sectionPage(title, declarations)),
  );
}

/** The last heading comment (`# --- HAProxy ---`) above a variable; without one, the component it belongs to. */
function sectionOf({ at }: Declaration, folder: string): string {
  const above = at.file.text.slice(0, at.start);
  const component = relative(folder, dirname(at.file.path));
  return (
    [...above.matchAll(/^ *# --- (.+?) -+$/gm)].at(-1)?.[1] ?? (component === '' ? 'cluster' : component)
  );
}

function sectionPage(title: string, declarations: readonly Declaration[]): string {
  const rows = declarations.map((declaration) => [
    code(declaration.name),
    typeOf(declaration),
    declaration.unit ?? '',
    defaultCell(declaration),
    declaration.effect === 'none' ? '' : declaration.effect,
    declaration.help.trim(),
  ]);
  const below = declarations.filter(
    (declaration) => declaration.defaultNode && shortDefault(declaration) === undefined,
  );
  return [
    `## ${title.slice(0, 1).toUpperCase()}${title.slice(1)}`,
    table(['Variable', 'Type', 'Unit', 'Default', 'Effect', 'Meaning'], rows),
    ...below.map(longDefault),
  ].join('\n\n');
}

/** What a form is, in words. */
const forms: Readonly<Record<NonNullable<Declaration['format']>, string>> = {
  ipv4: 'an IPv4 address',
  host: 'an address or a host name',
  listen: '`*`, or addresses separated by commas',
  bind: 'an address or `*`',
  network: 'networks such as `10.0.0.0/8`',
  source: 'addresses or networks',
  duration: '`1ms` to `24d`',
  interval: '`1ms` to `60s`',
  role: 'a role’s name',
  path: 'an absolute path',
};

function typeOf(declaration: Declaration): string {
  const same = declaration.everywhere ? ', the same on all hosts' : '';
  return `${kindOf(declaration)}${same}`;
}

function kindOf({ type, choices, minimum, maximum, pattern, format }: Declaration): string {
  if (choices) return choices.map((choice) => code(String(choice))).join(', ');
  const range =
    minimum === undefined
      ? maximum === undefined
        ? ''
        : `, at most ${maximum}`
      : maximum === undefined
        ? `, at least ${minimum}`
        : `, ${minimum} to ${maximum}`;
  const form = format === undefined ? '' : `: ${forms[format]}`;
  return `${type}${form}${range}${pattern === undefined ? '' : `, as ${code(pattern)}`}`;
}

function defaultCell(declaration: Declaration): string {
  if (!declaration.defaultNode) return declaration.type === 'secret' ? 'generated' : 'required';
  return shortDefault(declaration) ?? 'see below';
}

function shortDefault({ defaultNode }: Declaration): string | undefined {
  if (!defaultNode) return undefined;
  const text = defaultNode.kind === 'scalar' ? defaultNode.text : JSON.stringify(toData(defaultNode));
  if (text === '') return 'empty';
  return text.length <= longestInTable && !text.includes('\n') ? code(text) : undefined;
}

function longDefault({ name, defaultNode }: Declaration): string {
  const yaml = defaultNode ? stringifyYaml({ [name]: toData(defaultNode) }) : '';
  return `The default of ${code(name)}:\n\n${fence('yaml', yaml)}`;
}
