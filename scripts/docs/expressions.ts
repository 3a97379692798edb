import { scopeOf } from '../../src/config/host-variables.ts';
import { Inventory } from '../../src/config/inventory/model.ts';
import { needHost, type HostFact } from '../../src/facts/host.ts';
import { renderValue } from '../../src/vars/evaluate.ts';
import { helperUsages } from '../../src/vars/free-names.ts';
import { templateOfFile } from '../../src/vars/template.ts';
import type { Value } from '../../src/vars/value.ts';
import { code, fence, generatedNotice, page, table } from './markdown.ts';

/** What the examples can name. */
const sample: Readonly<Record<string, Value>> = {
  port: 5432,
  version: '3.10',
  path: '/etc/patroni/config.yml',
  names: ['node2', 'node1', 'node2'],
  tags: { nofailover: true, clonefrom: false },
  groups: { postgres: ['node1', 'node2'] },
  hostvars: {
    node1: { internal_address: '10.0.0.1', zone: 'a' },
    node2: { internal_address: '10.0.0.2', zone: 'b' },
  },
};

/** One example for each helper; its result is worked out when the page is made. */
const examples: Readonly<Record<string, string>> = {
  add: 'add port 1 2',
  and: 'and tags.nofailover (eq port 5432)',
  basename: 'basename path',
  bool: 'bool "yes"',
  choose: 'choose (gt port 1024) "unprivileged" "privileged"',
  concat: 'concat "node" 1',
  default: 'default missing "a value"',
  defined: 'defined missing',
  dirname: 'dirname path',
  div: 'div 7 2',
  ends_with: 'ends_with path ".yml"',
  endpoints: 'endpoints groups.postgres hostvars "internal_address"',
  eq: 'eq port 5432',
  first: 'first names',
  flatten: 'flatten (list names (list "node3"))',
  ge: 'ge port 5432',
  gt: 'gt port 5432',
  in: 'in "node1" names',
  int: 'int "42"',
  intersect: 'intersect names (list "node1" "node3")',
  join: 'join names " "',
  json: 'json tags',
  keys: 'keys tags',
  last: 'last names',
  le: 'le 1 2',
  length: 'length names',
  list: 'list 1 "two"',
  lookup: 'lookup tags "clonefrom"',
  lower: 'lower "ETCD"',
  lt: 'lt 1 2',
  map: 'map (list hostvars.node1 hostvars.node2) "zone"',
  matches: 'matches path "[.]ya?ml$"',
  max: 'max 5 (add (length groups.postgres) 2)',
  merge: 'merge tags hostvars.node1',
  min: 'min 5 3',
  mul: 'mul 2 3',
  ne: 'ne port 5432',
  not: 'not tags.clonefrom',
  or: 'or tags.clonefrom tags.nofailover',
  pick: 'pick hostvars groups.postgres "internal_address"',
  quote: 'quote "it’s a $word"',
  replace: 'replace version "." "-"',
  sort: 'sort names',
  split: 'split path "/"',
  starts_with: 'starts_with path "/etc"',
  string: 'string port',
  sub: 'sub port 1',
  trim: 'trim "  text "',
  unique: 'unique names',
  upper: 'upper "etcd"',
  version_ge: 'version_ge version "3.9"',
  version_lt: 'version_lt version "3.9"',
  without: 'without names "node2"',
};

const blocks: readonly string[] = [
  '{{#if (eq port 5432)}}the default{{else if (lt port 1024)}}privileged{{else}}another{{/if}}',
  '{{#unless tags.clonefrom}}no source of clones{{/unless}}',
  '{{#each groups.postgres as |host|}}{{host}}:{{@root.port}}{{#unless @last}},{{/unless}}{{/each}}',
  '{{#each hostvars}}{{@index}} {{@key}} {{internal_address}}; {{/each}}',
  '{{#with tags}}{{nofailover}}{{/with}}',
];

const facts: Readonly<Record<keyof HostFact, string>> = {
  distro: 'os-release’s ID: `debian`, `ubuntu`',
  release: 'os-release’s VERSION_ID: `12`, `24.04`',
  codename: 'os-release’s VERSION_CODENAME: `bookworm`',
  arch: 'dpkg’s name of the architecture: `amd64`',
  virt: 'what systemd-detect-virt says: `none`, `kvm`, `systemd-nspawn`',
  container: 'whether that is a container',
  addresses: 'list of all addresses but loopback ones',
  hostname: 'the host’s own name',
  systemd: 'whether the host is booted with systemd',
  cloud_init: 'whether cloud-init is there',
};

const names: Readonly<Record<string, string>> = {
  inventory_hostname: 'the host’s name in the inventory',
  inventory_hostname_short: 'that up to the first dot',
  inventory_dir: 'folder of the inventory',
  playbook_dir: 'folder of the playbook',
  group_names: 'groups the host is in',
  groups: 'hosts by group: `groups.postgres`',
  hostvars: 'variables by host: `lookup hostvars "node1"`',
  ansible_play_hosts: 'hosts of the play that are in the run',
  ansible_play_batch: 'those of them that are done together, by `serial`',
  facts: 'what the host is; see below',
  ansible_check_mode: 'whether this is a plan',
};

export function expressionsPage(): string {
  const helperRows = helperUsages().map((usage) => {
    const example = examples[usage.split(' ')[0] ?? ''];
    if (example === undefined) throw new Error(`the helper "${usage}" has no example`);
    return [code(usage), code(example), code(show(evaluate(`{{${example}}}`)))];
  });
  return page(
    generatedNotice,
    '# Expressions',
    'Playbooks, inventories and templates hold Handlebars expressions: `{{name}}` in text, and without the braces in `when`, `until`, `changed_when`, `failed_when` and `assert`. A value that is one single `{{ }}` keeps its type. An unknown name is an error with its position, and so are null, a list or a map in text.',
    'An argument is a name (`port`, `tags.clonefrom`), a text in quotes, a number, `true` or `false`, or another call in parentheses. Without arguments a word is always a name.',
    'The examples below use these variables:',
    fence('json', JSON.stringify(sample, undefined, 2)),
    '## Helpers',
    table(['Usage', 'Example', 'Result'], helperRows),
    '## Blocks',
    table(
      ['Example', 'Result'],
      blocks.map((block) => [code(block), code(show(evaluate(block)))]),
    ),
    'Within `each` there are `@index`, `@first`, `@last` and, for maps, `@key`; `@root.name` is a variable from outside.',
    '## Names that are always there',
    table(
      ['Name', 'Meaning'],
      magicNames().map((name) => [code(name), described(names, name)]),
    ),
    '## Facts',
    table(
      ['Fact', 'Meaning'],
      Object.keys(needHost.parse([['']]) ?? {}).map((fact) => [
        code(`facts.${fact}`),
        described(facts, fact),
      ]),
    ),
  );
}

function evaluate(text: string): Value {
  const template = templateOfFile({ path: 'example', text });
  return renderValue(template, { get: (name) => sample[name], names: () => Object.keys(sample) });
}

function show(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function described(texts: Readonly<Record<string, string>>, name: string): string {
  const found = texts[name];
  if (found === undefined) throw new Error(`"${name}" has no description`);
  return found;
}

function magicNames(): string[] {
  const inventory = new Inventory('');
  const sources = { inventory, defaults: new Map(), extra: new Map(), playbookDir: '', checkMode: false };
  const run = () => ({ facts: () => null, registered: new Map(), secrets: new Map() });
  return [...scopeOf(sources, 'example', run).names()];
}
