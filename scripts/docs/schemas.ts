import { connectionNames } from '../../src/config/connection.ts';
import { becomeMethods } from '../../src/shell/become.ts';
import type { Option } from 'commander';
import * as z from 'zod';
import { describeVerbs } from '../../src/cli/program.ts';
import { settable } from '../../src/cli/options.ts';
import { nameOf } from '../../src/cli/settings.ts';
import { connecting } from '../../src/config/check-names.ts';
import { loadDeclarations, type Declaration } from '../../src/config/declarations.ts';
import { Problems } from '../../src/config/files.ts';
import { inheritable } from '../../src/config/playbook/inherited.ts';
import { playKeys } from '../../src/config/playbook/load.ts';
import { ofIncludes, taskOnly } from '../../src/config/playbook/tasks.ts';
import { formatDiagnostic } from '../../src/core/diagnostics.ts';
import { toData } from '../../src/core/node.ts';
import { filledIn, type Module } from '../../src/modules/define-module.ts';
import { modules } from '../../src/modules/registry.ts';
import { rollingNames } from '../../src/cluster/guide.ts';

type Schema = Record<string, unknown>;

// What editors understand, among them the YAML language server.
const draft = 'http://json-schema.org/draft-07/schema#';
const template = { type: 'string', pattern: '\\{\\{' };
const orNothing = (type: string) => [type, 'null'];

function schemaFile(title: string, schema: Schema): string {
  return `${JSON.stringify({ $schema: draft, title, ...schema }, null, 2)}\n`;
}

/** An inventory in YAML: groups, hosts, and every variable that is declared. Names of one's own are free. */
export function inventorySchema(home: string): string {
  const problems = new Problems();
  const { variables, namespaces } = loadDeclarations(home, problems);
  if (problems.list.length > 0) throw new Error(problems.list.map(formatDiagnostic).join('\n'));
  const known = [...variables.keys(), ...connecting];
  const reserved = `^(?!(?:${known.join('|')})$)(?:${namespaces.join('|')})`;
  const map = (values: string) => ({
    type: orNothing('object'),
    additionalProperties: { $ref: `#/definitions/${values}` },
  });
  return schemaFile('An inventory of drover', {
    ...map('group'),
    definitions: {
      group: {
        type: orNothing('object'),
        additionalProperties: false,
        properties: { hosts: map('vars'), vars: { $ref: '#/definitions/vars' }, children: map('group') },
      },
      vars: {
        type: orNothing('object'),
        properties: Object.fromEntries([
          ...[...variables.values()].map((variable): [string, Schema] => [
            variable.name,
            variableSchema(variable),
          ]),
          ...connecting.map((name): [string, Schema] => [name, {}]),
        ]),
        // What begins as the playbooks' own names do, and is none of them.
        patternProperties: { [reserved]: { not: {}, description: 'drover knows no such variable' } },
      },
    },
  });
}

const jsonTypes: Readonly<Record<Declaration['type'], readonly string[]>> = {
  text: ['string'],
  secret: ['string'],
  version: ['string', 'number'],
  integer: ['integer'],
  number: ['number'],
  boolean: ['boolean'],
  list: ['array'],
  map: ['object'],
};

/** A value of the variable's type, or a template that comes to one. */
function variableSchema(variable: Declaration): Schema {
  const { type, help, unit, effect, choices, minimum, maximum, pattern, defaultNode } = variable;
  const value: Schema = {
    type: jsonTypes[type],
    ...(choices ? { enum: choices } : {}),
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(pattern === undefined ? {} : { pattern: `^(?:${pattern})$` }),
  };
  const notes = [
    unit === undefined ? '' : `in ${unit}`,
    effect === 'none' ? '' : `a change: ${effect}`,
  ].filter((note) => note !== '');
  return {
    description: [help.trim(), ...(notes.length === 0 ? [] : [`(${notes.join('; ')})`])].join(' '),
    ...(defaultNode ? { default: toData(defaultNode) } : {}),
    ...orTemplate(value),
  };
}

/** A value, or a template that comes to one. */
function orTemplate({ description, ...schema }: Schema): Schema {
  const { type, pattern, enum: choices, format } = schema;
  const isAnyText =
    type === 'string' && pattern === undefined && choices === undefined && format === undefined;
  const isFree = Object.keys(schema).length === 0 || isAnyText;
  return {
    ...(description === undefined ? {} : { description }),
    ...(isFree ? schema : { anyOf: [within(schema), template] }),
  };
}

/** A value whose parts may be templates. What its schema says to drover alone is left out. */
function within({ expression, literal: _literal, ...schema }: Schema): Schema {
  if (expression === true) return condition;
  const { properties, items, additionalProperties } = schema;
  const parts = Object.entries({ items, additionalProperties }).filter(([, part]) => isSchema(part));
  return {
    ...schema,
    ...(isSchema(properties) ? { properties: ofEach(properties) } : {}),
    ...Object.fromEntries(parts.map(([key, part]) => [key, orTemplate(part as Schema)])),
  };
}

function ofEach(properties: Schema): Schema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, part]) => [name, orTemplate(part as Schema)]),
  );
}

function isSchema(part: unknown): part is Schema {
  return typeof part === 'object' && part !== null;
}

const anyMap = { type: orNothing('object') };
const list = (items: Schema): Schema => ({ type: orNothing('array'), items });
const tasks = list({ $ref: '#/definitions/task' });
const text = { type: 'string' };
const flag = { type: 'boolean' };
const words = { anyOf: [text, list(text)] };
const condition = { anyOf: [{ type: ['string', 'boolean'] }, list({ type: ['string', 'boolean'] })] };
const seconds = { type: 'number', minimum: 0 };

/** One of these names, or one with the prefix of a collection of Ansible's. */
function orOfCollection(names: readonly string[]): Schema {
  return { anyOf: [{ enum: names }, { type: 'string', pattern: '^(ansible|community)\\..*\\.' }] };
}

const keywords: Readonly<Record<string, Schema>> = {
  name: text,
  hosts: words,
  connection: orOfCollection(connectionNames),
  tasks,
  pre_tasks: tasks,
  post_tasks: tasks,
  block: tasks,
  rescue: tasks,
  always: tasks,
  vars: anyMap,
  vars_files: words,
  become: flag,
  become_user: text,
  become_method: orOfCollection(becomeMethods),
  serial: {},
  tags: words,
  environment: anyMap,
  gather_facts: flag,
  any_errors_fatal: { const: true },
  ignore_errors: flag,
  no_log: flag,
  when: condition,
  run_once: flag,
  delegate_to: text,
  register: text,
  loop: {},
  loop_control: anyMap,
  check_mode: flag,
  changed_when: condition,
  failed_when: condition,
  until: condition,
  retries: seconds,
  delay: seconds,
  provides: anyMap,
  timeout: seconds,
  args: anyMap,
  rolling: {
    type: 'object',
    properties: { order: { enum: rollingNames.orders }, gate: { enum: rollingNames.gates }, pause: seconds },
  },
};

function named(names: readonly string[]): Schema {
  return Object.fromEntries(
    names.map((name) => {
      const schema = keywords[name] ?? (/(import|include)_/.test(name) ? text : undefined);
      if (!schema) throw new Error(`the schema of playbooks lacks the keyword ${name}`);
      return [name, schema];
    }),
  );
}

const prefixed = (name: string) => [name, `ansible.builtin.${name}`];
const including = [...prefixed('import_tasks'), ...prefixed('include_tasks')];
const importing = [...prefixed('import_playbook'), 'when'];

/** A playbook: plays, blocks and tasks, and the parameters of every module. */
export function playbookSchema(): string {
  const properties = named([
    ...inheritable,
    ...taskOnly,
    ...ofIncludes,
    'block',
    'rescue',
    'always',
    ...including,
  ]);
  const parameters = [...modules.keys()].flatMap((name) =>
    [name, `ansible.builtin.${name}`].map((key) => [key, { $ref: `#/definitions/${name}` }] as const),
  );
  return schemaFile('A playbook of drover', {
    type: 'array',
    items: { type: 'object', additionalProperties: false, properties: named([...playKeys, ...importing]) },
    definitions: {
      task: {
        type: 'object',
        additionalProperties: false,
        properties: { ...properties, ...Object.fromEntries(parameters) },
      },
      ...Object.fromEntries([...modules.values()].map((module) => [module.name, parametersOf(module)])),
    },
  });
}

/** Its parameters, each as it is or as a template; what `args:` may bring is not required here. */
function parametersOf(module: Module): Schema {
  const {
    required: _required,
    properties,
    ...schema
  } = z.toJSONSchema(module.params, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
  });
  const given = Object.entries(properties ?? {}).filter(([name]) => !filledIn(module).includes(name));
  const map = {
    ...within({
      ...schema,
      $schema: undefined,
      ...(properties ? { properties: Object.fromEntries(given) } : {}),
    }),
    type: orNothing('object'),
  };
  return {
    description: module.docs.summary,
    ...(module.free === undefined ? map : { anyOf: [map, { type: ['string', 'array'] }] }),
  };
}

/** drover.yml: the options that may always be given. */
export function settingsSchema(): string {
  const verbs = describeVerbs(() => Promise.resolve()).commands;
  const options = new Map(verbs.flatMap((verb) => verb.options.map((option) => [nameOf(option), option])));
  const properties = [...settable].map((name) => {
    const option = options.get(name);
    if (!option) throw new Error(`no verb has the option ${name}`);
    return [name, { description: option.description, ...settingSchema(option) }];
  });
  return schemaFile('drover.yml: options that are always given', {
    type: orNothing('object'),
    additionalProperties: false,
    properties: Object.fromEntries(properties) as Schema,
  });
}

function settingSchema({ required, defaultValue, flags }: Option): Schema {
  if (!required) return flag;
  if (Array.isArray(defaultValue)) return words;
  return /<(number|seconds)>/.test(flags) ? { type: 'number', minimum: 0 } : text;
}
