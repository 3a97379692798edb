import * as z from 'zod';
import { shapeOf } from '../../src/config/validate.ts';
import { filledIn, type Module } from '../../src/modules/define-module.ts';
import { code, fence, generatedNotice, page, table } from './markdown.ts';

/** A module's folder and page: `etcd_member` is `etcd-member`. */
export function folderNameOf(module: string): string {
  return module.replaceAll('_', '-');
}

export function moduleIndex(modules: readonly Module[]): string {
  const rows = [...modules]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, docs }) => [`[${code(name)}](${folderNameOf(name)}.md)`, docs.summary]);
  return page(
    generatedNotice,
    '# Modules',
    'Where Ansible has the module, its name, parameters and meaning are Ansible’s; each page lists what differs. The prefix `ansible.builtin.` is accepted.',
    table(['Module', 'What it does'], rows),
  );
}

export function modulePage(module: Module): string {
  const { name, docs } = module;
  const differences = docs.differences ?? [];
  return page(
    generatedNotice,
    `# ${name}`,
    docs.summary,
    traits(module).join('\n'),
    fence('yaml', docs.example),
    '## Parameters',
    parameters(module),
    differences.length === 0 ? '' : '## Differences from Ansible',
    differences.map((difference) => `- ${difference}`).join('\n'),
  );
}

function traits({ readOnly, stepwise, free }: Module): string[] {
  return [
    ...(readOnly ? ['It never changes a host.'] : []),
    ...(stepwise ? ['It works step by step: after each step the host is looked at again.'] : []),
    ...(free === undefined ? [] : [`A bare text in place of the parameters is ${code(free)}.`]),
  ];
}

function parameters(module: Module): string {
  if (module.params instanceof z.ZodRecord) return 'Any names, each with its value.';
  const rows = rowsOf(module, shapeOf(module.params) ?? {});
  return table(['Parameter', 'Type', 'Default', 'Meaning'], rows);
}

function rowsOf(module: Module, shape: Readonly<Record<string, z.ZodType>>): string[][] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    // What drover reads from the file that another parameter names is nobody's to give.
    if (filledIn(module).includes(name)) return [];
    const inner = Object.entries(itemShape(schema)).map(([field, its]) => row(`${name}[].${field}`, its));
    return [row(name, schema), ...inner];
  });
}

function row(name: string, schema: z.ZodType): string[] {
  if (schema.description === undefined) throw new Error(`the parameter ${name} has no description`);
  return [code(name), typeOf(schema), defaultOf(schema), schema.description];
}

function defaultOf(schema: z.ZodType): string {
  const absent = schema.safeParse(undefined);
  if (!absent.success) return 'required';
  if (absent.data === undefined) return '';
  return absent.data === ''
    ? 'empty'
    : code(typeof absent.data === 'string' ? absent.data : JSON.stringify(absent.data));
}

/** Fields of the maps that a parameter is a list of. */
function itemShape(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodArray) || isCondition(schema)) return {};
  return shapeOf(inner.element as z.ZodType) ?? {};
}

function typeOf(schema: z.ZodType): string {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodEnum) return inner.options.map((option) => code(String(option))).join(', ');
  if (inner instanceof z.ZodLiteral) return [...inner.values].map((value) => code(String(value))).join(', ');
  if (inner instanceof z.ZodArray) {
    const element = inner.element as z.ZodType;
    if (isCondition(schema)) return 'condition or list of them';
    const item = unwrap(element) instanceof z.ZodObject ? 'maps' : typeOf(element);
    return takesOne(schema) ? `${typeOf(element)}, or a list` : `list of ${item}`;
  }
  if (inner instanceof z.ZodString || inner instanceof z.ZodURL) return 'text';
  if (inner instanceof z.ZodBoolean) return 'boolean';
  if (inner instanceof z.ZodNumber) return inner.format === 'safeint' ? 'whole number' : 'number';
  if (inner instanceof z.ZodRecord || inner instanceof z.ZodObject) return 'map';
  if (inner instanceof z.ZodUnknown) return 'anything';
  throw new Error(`no name for the type ${inner.constructor.name}`);
}

/** The schema without defaults, and without what is done to a value before or after it. */
function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return unwrap(schema.def.innerType as z.ZodType);
  if (!(schema instanceof z.ZodPipe)) return schema;
  return unwrap((isPreprocessed(schema) ? schema.def.out : schema.def.in) as z.ZodType);
}

function isPreprocessed(schema: z.ZodPipe): boolean {
  return schema.def.in instanceof z.ZodTransform;
}

/** A list that is preprocessed takes one item as well. */
function takesOne(schema: z.ZodType): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return takesOne(schema.def.innerType as z.ZodType);
  return schema instanceof z.ZodPipe && isPreprocessed(schema);
}

function isCondition(schema: z.ZodType): boolean {
  return (schema.meta() as { expression?: boolean } | undefined)?.expression === true;
}
